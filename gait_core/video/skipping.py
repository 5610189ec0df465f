"""Which packets need not be decoded, because their frames would be thrown away."""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.stream import VideoStream

__all__ = ["Foresight", "Skipper"]

_FARTHEST: Final = 64
"""Packets read ahead at most; H.264 and HEVC put a frame at most 16 away from its place."""
_PROGRESSIVE: Final = (0, 1)


class Foresight:
    """Read packets a little ahead, in the order of decoding, to know which frames will be kept in the order of time.

    Later packets have later decoding stamps, and no frame is shown before it is decoded. So when a packet of decoding
    stamp d was read, all frames up to time d are known, and whoever chooses by time can choose among them. Stamps
    that do not allow this, missing, repeated or out of order, end the foresight: from there on all is decoded.

    Parameters
    ----------
    keeps : callable
        Whether the frame of a time stamp, in units of the stream, is kept; called once for each, in order.
    """

    def __init__(self, keeps: Callable[[int], bool]) -> None:
        self._keeps = keeps
        self._waiting: deque[Packet[VideoStream]] = deque()
        self._open: list[int] = []
        self._seen_until = self._settled_until = -math.inf
        self._unwanted: set[int] = set()
        self.given_up = False

    def read(self, packets: Iterator[Packet[VideoStream]]) -> Iterator[tuple[Packet[VideoStream], bool]]:
        """Yield every packet, in order, and whether its frame is certainly not needed."""
        for packet in packets:
            self._waiting.append(packet)
            self._take(packet)
            while self._waiting and (self.given_up or self._settled(self._waiting[0])):
                first = self._waiting.popleft()
                yield first, self._drop(first)
        self._settle(None)
        while self._waiting:
            first = self._waiting.popleft()
            yield first, self._drop(first)

    def give_up(self) -> None:
        """Decode everything from here on."""
        self.given_up = True

    def _take(self, packet: Packet[VideoStream]) -> None:
        if self.given_up or packet.size == 0 or packet.is_discard:
            return
        shown, decoded = packet.pts, packet.dts
        if shown is None or decoded is None or len(self._waiting) > _FARTHEST:
            self.give_up()
            return
        in_order = self._seen_until < decoded <= shown and shown > self._settled_until
        if not in_order:
            self.give_up()
            return
        self._seen_until = decoded
        heapq.heappush(self._open, shown)
        self._settle(decoded)

    def _settle(self, until: int | None) -> None:
        """Choose among the frames up to a time."""
        while self._open and not self.given_up and (until is None or self._open[0] <= until):
            stamp = heapq.heappop(self._open)
            if stamp == self._settled_until:
                self.give_up()
                return
            self._settled_until = stamp
            if not self._keeps(stamp):
                self._unwanted.add(stamp)

    def _settled(self, packet: Packet[VideoStream]) -> bool:
        if packet.size == 0 or packet.is_discard or packet.pts is None:
            return True
        return packet.pts <= self._settled_until

    def _drop(self, packet: Packet[VideoStream]) -> bool:
        if packet.pts is None or packet.pts not in self._unwanted or packet.is_discard:
            return False
        self._unwanted.discard(packet.pts)
        return not self.given_up


class Skipper:
    """Have the decoder leave out frames that are not wanted, and count them as if they had come by.

    Parameters
    ----------
    stream : VideoStream
    keeps : callable or None
        Whether the frame of a time stamp, in units of the stream, is kept; None: every one is.
    """

    def __init__(self, stream: VideoStream, keeps: Callable[[int], bool] | None) -> None:
        self._context = stream.codec_context
        self._may_skip = _skippable_layer(stream) if keeps is not None else None
        self._foresight = Foresight(keeps) if keeps is not None else None
        self._asked: list[int] = []
        """Stamps of the packets that the decoder may leave out; it decodes those that others refer to."""

    def packets(self, packets: Iterator[Packet[VideoStream]]) -> Iterator[Packet[VideoStream]]:
        """Yield the packets, each to be decoded at once."""
        if self._may_skip is None or self._foresight is None:
            yield from packets
            return
        for packet, unwanted in self._foresight.read(packets):
            skips = unwanted and packet.pts is not None and self._may_skip(packet)
            if skips and packet.pts is not None:
                heapq.heappush(self._asked, packet.pts)
            self._context.skip_frame = "NONREF" if skips else "DEFAULT"
            yield packet

    def passed(self, stamp: int | None, *, mended: bool = False) -> int:
        """Return how many frames were left out since the last call.

        Parameters
        ----------
        stamp : int or None
            Of the frame that has just been decoded; None at the end.
        mended : bool
            Whether its time is another than its stamp says.
        """
        if mended and self._foresight is not None:
            # Frames carry other time stamps than their packets: what was predicted from these is not certain.
            self._foresight.give_up()
        count = 0
        while self._asked and (stamp is None or self._asked[0] <= stamp):
            count += heapq.heappop(self._asked) != stamp
        return count


def _skippable_layer(stream: VideoStream) -> Callable[[Packet[VideoStream]], bool] | None:
    """Return a function that decides whether a packet may be left out when no frame refers to it; None when none may.

    Parameters
    ----------
    stream : VideoStream

    Notes
    -----
    The decoder itself sees which frames no other refers to. In H.264 its word is final (ITU-T H.264, 7.4.1:
    nal_ref_idc). In HEVC it speaks of the frame's own temporal sub-layer only (ITU-T H.265, 7.4.2.2), and frames of
    a higher one may refer to it: there only the highest is left out. Of interlaced videos nothing is.
    """
    context = stream.codec_context
    if context.field_order not in _PROGRESSIVE:
        return None
    if context.name == "h264":
        return lambda _packet: True
    head = context.extradata or b""
    # ISO/IEC 14496-15, 8.3.3.1: the HEVC configuration record holds the number of layers and the size of length fields.
    if context.name != "hevc" or len(head) < 23 or head[0] != 1:
        return None
    layers, length_bytes = head[21] >> 3 & 7, (head[21] & 3) + 1
    if layers == 0:
        return None
    return lambda packet: _temporal_layer(memoryview(packet), length_bytes) >= layers - 1


def _temporal_layer(content: memoryview, length_bytes: int) -> int:
    """Return the temporal sub-layer of the first slice of a packet; -1 when it holds none."""
    at = 0
    while at + length_bytes + 2 <= len(content):
        size = int.from_bytes(content[at : at + length_bytes], "big")
        at += length_bytes
        if content[at] >> 1 & 0x3F < 32:
            return (content[at + 1] & 7) - 1
        at += size
    return -1
