"""The planner: what a folder needs, from the server's state and ours."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from toolkit.mail.answers import Envelope
from toolkit.sync.plan import batches, plan_folder

_UIDS = st.integers(min_value=1, max_value=60)
_FLAGS = st.sampled_from(["", "\\Seen", "\\Answered \\Seen"])


def _remote(flags: dict[int, str], sizes: dict[int, int]) -> dict[int, Envelope]:
    return {
        uid: Envelope(uid, tuple(words.split()), sizes.get(uid, 10)) for uid, words in flags.items()
    }


def test_a_plan_says_what_is_missing_changed_gone_and_too_large() -> None:
    """Each message of either side ends in exactly the part of the plan that fits it."""
    remote = _remote({1: "", 2: "\\Seen", 4: "", 5: "", 6: ""}, {5: 101})
    plan = plan_folder(remote, {1: "", 2: "", 3: ""}, max_size=100)
    assert plan.fetch == (6, 4)
    assert plan.too_large == (5,)
    assert plan.changed == {2: "\\Seen"}
    assert plan.vanished == (3,)
    assert plan.already_here == 2


@given(st.dictionaries(_UIDS, _FLAGS), st.dictionaries(_UIDS, _FLAGS), st.data())
def test_every_message_on_the_server_is_accounted_for(
    there: dict[int, str], here: dict[int, str], data: st.DataObject
) -> None:
    """Fetched, already here and too large add up to what the server has; carried out, it is equal."""
    sizes = {uid: data.draw(st.integers(0, 200)) for uid in there}
    remote = _remote(there, sizes)
    plan = plan_folder(remote, here, max_size=100)
    assert len(plan.fetch) + len(plan.too_large) + plan.already_here == len(remote)
    after = {uid: flags for uid, flags in here.items() if uid not in plan.vanished}
    after |= plan.changed
    after |= {uid: there[uid] for uid in plan.fetch}
    assert after == {uid: flags for uid, flags in there.items() if uid not in plan.too_large}


@given(st.lists(st.integers(0, 50), max_size=40), st.integers(1, 100), st.integers(1, 7))
def test_batches_keep_the_order_and_the_bounds(sizes: list[int], octets: int, count: int) -> None:
    """Nothing is lost or repeated; only a single message may weigh more than a batch may."""
    remote = {uid: Envelope(uid, (), size) for uid, size in enumerate(sizes, start=1)}
    cut = list(batches(tuple(remote), remote, octets=octets, count=count))
    assert [uid for batch in cut for uid in batch] == list(remote)
    for batch in cut:
        weight = sum(remote[uid].size or 0 for uid in batch)
        assert len(batch) <= count
        assert weight <= octets or len(batch) == 1
