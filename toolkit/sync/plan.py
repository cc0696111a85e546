"""What a folder needs: the server's state and ours in, the difference out. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from toolkit.mail.answers import Envelope

__all__ = ["FolderPlan", "batches", "plan_folder"]


@dataclass(frozen=True, slots=True)
class FolderPlan:
    """The difference between a folder on the server and what is stored of it.

    Attributes:
        fetch: UIDs whose content is to be fetched, newest first: today's mail shows early.
        changed: UID → flags, where the server's differ from the stored ones.
        vanished: stored UIDs the server no longer has.
        already_here: how many of the server's messages are stored.
        too_large: UIDs left out because one message is beyond what we take in.
    """

    fetch: tuple[int, ...]
    changed: Mapping[int, str]
    vanished: tuple[int, ...]
    already_here: int
    too_large: tuple[int, ...]


def plan_folder(
    remote: Mapping[int, Envelope], local: Mapping[int, str], *, max_size: int
) -> FolderPlan:
    """Compare a folder with what is stored.

    Args:
        remote: the server's messages by UID.
        local: flags of the stored, not vanished messages by UID, sorted, blank between.
        max_size: largest message to take in, in octets.
    """
    missing = sorted((uid for uid in remote if uid not in local), reverse=True)
    too_large = tuple(uid for uid in missing if (remote[uid].size or 0) > max_size)
    left_out = set(too_large)
    return FolderPlan(
        fetch=tuple(uid for uid in missing if uid not in left_out),
        changed={
            uid: flags
            for uid, stored in local.items()
            if uid in remote and (flags := " ".join(remote[uid].flags)) != stored
        },
        vanished=tuple(sorted(uid for uid in local if uid not in remote)),
        already_here=len(remote) - len(missing),
        too_large=too_large,
    )


def batches(
    uids: Sequence[int], remote: Mapping[int, Envelope], *, octets: int, count: int
) -> Iterator[tuple[int, ...]]:
    """Cut UIDs into batches of at most so many octets and messages, in their order.

    One message larger than ``octets`` is a batch of its own.
    """
    batch: list[int] = []
    weight = 0
    for uid in uids:
        size = remote[uid].size or 0
        if batch and (weight + size > octets or len(batch) >= count):
            yield tuple(batch)
            batch, weight = [], 0
        batch.append(uid)
        weight += size
    if batch:
        yield tuple(batch)
