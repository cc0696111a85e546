"""What holds for every account, made up by hypothesis from the lexicon's own names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from toolkit.folders.lexicon import Meaning, lexicon
from toolkit.folders.proposal import Proposal, propose_mapping
from toolkit.folders.roles import Role
from toolkit.mail.folder import Folder
from toolkit.mail.utf7 import encode_name

ROLES = (Role.SENT, Role.DRAFTS, Role.TRASH, Role.JUNK, Role.ARCHIVE)


def synonyms(role: Role) -> list[str]:
    """Keys of the names that mean one role and nothing else."""
    words = lexicon()
    return sorted(
        key
        for key, meanings in words.exact.items()
        if set(meanings) == {Meaning(role.value)} and key not in words.ambiguous
    )


SYNONYMS = {role: synonyms(role) for role in ROLES}
# Owners' folders: words of their own, role names below parents of their own.
PARENTS = st.sampled_from(["Mandanten", "Projekte 2024", "Familie", "Rechnungen/Alt"])
OWN = st.one_of(
    st.builds(
        "{}/{}".format, PARENTS, st.sampled_from([n for role in ROLES for n in SYNONYMS[role][:40]])
    ),
    st.builds("{}/{}".format, PARENTS, st.text("abcäöü 0123", min_size=1, max_size=8)),
)


@st.composite
def accounts(draw: st.DrawFn) -> dict[str, str]:
    """Role → name of an account's folders, all at the top or all below INBOX."""
    prefix = draw(st.sampled_from(["", "INBOX/"]))
    roles = draw(st.lists(st.sampled_from(ROLES), unique=True, min_size=1))
    return {role: prefix + draw(st.sampled_from(SYNONYMS[role])) for role in roles}


def listing(names: list[str]) -> list[Folder]:
    return [Folder(encode_name(name), name) for name in ["INBOX", *names]]


def mapped(proposal: Proposal) -> dict[str, str]:
    return {
        role.value: decision.folder.name
        for role, decision in proposal.reasons.items()
        if decision.folder and role is not Role.INBOX
    }


@given(accounts())
def test_every_synonym_keeps_its_role(account: dict[str, str]) -> None:
    """Whatever names of the lexicon an account uses, each folder gets its role."""
    assert mapped(propose_mapping(listing(list(account.values())))) == account


@given(accounts(), st.lists(OWN, max_size=8), st.randoms(use_true_random=False))
def test_order_does_not_matter(account: dict[str, str], own: list[str], random: object) -> None:
    """Folders in another order give the same proposal, reasons included."""
    folders = listing([*account.values(), *own, "Sent", "Gesendet", "Lixo", "Müll"])
    shuffled = list(folders)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert propose_mapping(shuffled) == propose_mapping(folders)


@given(accounts(), st.lists(OWN, max_size=12))
def test_folders_below_an_owners_change_nothing(account: dict[str, str], own: list[str]) -> None:
    """Folders below parents of the owner's neither take a role nor move one."""
    before = propose_mapping(listing(list(account.values())))
    after = propose_mapping(listing([*account.values(), *own]))
    assert mapped(after) == mapped(before)
    assert after.twins == before.twins


@given(
    st.lists(
        st.builds(
            Folder,
            raw=st.binary(max_size=12),
            name=st.text(max_size=12),
            delimiter=st.sampled_from([None, "/", ".", "\\", "^"]),
            flags=st.lists(
                st.sampled_from(["\\Sent", "\\junk", "\\ALL", "\\Noselect", "\\Inbox", "", "x"]),
                max_size=3,
            ).map(tuple),
            messages=st.none() | st.integers(0, 10**9),
        ),
        max_size=12,
    )
)
def test_no_listing_breaks_the_rules(folders: list[Folder]) -> None:
    """Whatever is listed: no folder has two roles, no container has one, every role a reason."""
    proposal = propose_mapping(folders)
    raws = [raw for role, raw in proposal.mapping if role is not Role.INBOX]
    assert len(set(raws)) == len(raws)
    listed = {folder.raw: folder for folder in sorted(folders, key=lambda f: len(f.flags))}
    assert all(any(f.selectable for f in folders if f.raw == raw) for raw in raws if raw in listed)
    assert set(proposal.reasons) == set(Role)
    assert proposal.duplicates.isdisjoint(raws)
    proposal.as_json()
