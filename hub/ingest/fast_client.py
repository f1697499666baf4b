"""paho-mqtt, reading many messages at once: one large recv, an own parser for what is frequent (PUBLISH of
QoS 0 and 1), paho's parser for everything else, one write for many acknowledgements.

It needs a few of paho's private parts, so it is used only with versions that it was tested with; with any
other, stock paho does the same work behind the same interface, slower."""

from __future__ import annotations

import logging
import ssl
import struct
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import paho.mqtt.client as paho
from paho.mqtt import __version__ as paho_version
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from hub.ingest.publishes import Publish, PublishReader, may_be_cut, packet_size

_LOG: Final = logging.getLogger("campushub.mqtt")
TESTED_VERSIONS: Final = frozenset({"2.2.0"})
# The private parts of paho's client that FastClient uses.
_SEAMS: Final = (
    "_last_bytes_received",
    "_loop_rc_handle",
    "_msgtime_mutex",
    "_packet_queue",
    "_packet_read",
    "_ping_t",
    "_sock",
    "_sock_recv",
    "_transport",
)
_RECV_BYTES: Final = 262_144
_RECORD_BYTES: Final = 16_384  # the largest record of TLS
# Of a larger packet only so much is kept, and the rest read away: more than any payload that is understood.
LARGEST_KEPT_BYTES: Final = 2_097_152
_PUBACK: Final = 0x40
_PUBACK_HEAD: Final = _PUBACK << 8 | 2

OnPublishes: TypeAlias = Callable[[list[Publish]], None]


class StockClient(paho.Client):
    """Stock paho with the hub's interface: batches of one, acknowledgements written one by one.

    Messages are acknowledged by hand only, and only the thread that runs the loop touches the socket."""

    def __init__(
        self,
        on_publishes: OnPublishes,
        held_back: Callable[[], bool],
        *,
        client_id: str,
        protocol: MQTTProtocolVersion,
        transport: Any = "tcp",
    ) -> None:
        """While `held_back`, nothing is read: the network and then the broker hold what comes."""
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=None if protocol is MQTTProtocolVersion.MQTTv5 else False,
            protocol=protocol,
            transport=transport,
            manual_ack=True,
        )
        self.on_publishes = on_publishes
        self.held_back = held_back
        self.on_message = self._on_single
        # With this callback set, paho leaves writing to its loop: two threads that write at once mix packets.
        self.on_socket_register_write = lambda *_: None

    @property
    def reads_many(self) -> bool:
        """Whether one read brings all that has come, so that waiting a little makes it cheaper."""
        return False

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """As paho's, but reads nothing while held back."""
        if self.held_back():
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        return super().loop_read(max_packets)

    def ack_many(self, packet_ids: Sequence[int]) -> None:
        """Acknowledges messages of QoS 1 on the present connection. Any thread."""
        for packet_id in packet_ids:
            self.ack(packet_id, 1)

    def close(self) -> None:
        """Lets go of what paho keeps open between connections; afterwards there are no more of them."""
        # Without it the pair of sockets that wakes paho's loop is left to the garbage collector.
        reset = getattr(self, "_reset_sockets", None)
        if reset is not None:
            reset()

    def _on_single(self, _: paho.Client, __: object, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic.encode()
        except UnicodeDecodeError:
            topic = bytes(getattr(message, "_topic", b"\xff"))
        payload = bytes(message.payload)
        self.on_publishes(
            [Publish(topic, payload, message.mid, message.qos, message.dup, message.retain)],
        )


class FastClient(StockClient):
    """Delivers what one read brought as one batch. Topic callbacks, `on_message` for QoS 0 and 1 and paho's
    debug log of single messages are not served. Over websockets it reads as stock paho does."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._reader = PublishReader(version5=self.protocol is MQTTProtocolVersion.MQTTv5)
        self._handed = b""  # what paho's parser is to read
        self._fragments: list[bytes] = []  # of a packet that is not whole yet
        self._forget()

    def reconnect(self) -> MQTTErrorCode:
        """As paho's; what was half received is forgotten with the connection."""
        self._forget()
        return super().reconnect()

    @property
    def reads_many(self) -> bool:
        """Over everything but websockets."""
        return bool(self._transport != "websockets")

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Reads what there is, once, and delivers it."""
        if not self.reads_many:
            return super().loop_read(max_packets)
        if self._sock is None:
            return MQTTErrorCode.MQTT_ERR_NO_CONN
        if self.held_back():
            self._is_alive()  # the answer to a ping is among what is not read
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        try:
            data = self._receive()
        except BlockingIOError:
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        except OSError:
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)
        if not data:
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)
        with self._msgtime_mutex:
            self._last_bytes_received = time.monotonic()
        return self._take(data)

    def ack_many(self, packet_ids: Sequence[int]) -> None:
        """Acknowledges messages of QoS 1 on the present connection, in one write. Any thread."""
        if not packet_ids:
            return
        words = [_PUBACK_HEAD] * (2 * len(packet_ids))
        words[1::2] = packet_ids
        self._packet_queue(_PUBACK, struct.pack(f">{len(words)}H", *words), packet_ids[0], 1)

    def _receive(self) -> bytes:
        """What there is, up to a limit. TLS gives one record at a time, and brokers send one per message."""
        if not isinstance(self._sock, ssl.SSLSocket):
            return super()._sock_recv(_RECV_BYTES)
        received = super()._sock_recv(_RECORD_BYTES)
        pieces, size = [received], len(received)
        while received and size < _RECV_BYTES:
            try:
                received = super()._sock_recv(_RECORD_BYTES)
            except OSError:  # nothing more now; a lost connection shows itself again at the next read
                break
            pieces.append(received)
            size += len(received)
        return b"".join(pieces)

    # --- bytes to packets ---

    def _take(self, data: bytes) -> MQTTErrorCode:
        """Joins fragments; returns once nothing whole is left."""
        self._fragments.append(data)
        self._gathered += len(data)
        if self._cut:
            return self._take_of_cut(data)
        if self._gathered < self._needed:
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        if len(self._fragments) > 1:
            data = b"".join(self._fragments)
        self._forget()
        return self._take_whole(data)

    def _take_whole(self, data: bytes) -> MQTTErrorCode:
        connection, position = self._sock, 0
        while True:
            found: list[Publish] = []
            position = self._reader.read(data, position, found)
            if found:
                self.on_publishes(found)
            if self._sock is not connection or position == len(data):
                return MQTTErrorCode.MQTT_ERR_SUCCESS
            size = packet_size(data, position)
            if size is not None and (size == 0 or position + size > len(data)):
                return self._wait_for_rest(data[position:], size)
            end = len(data) if size is None else position + size
            code = self._hand_over(data[position:end])
            # A callback may have disconnected, or connected anew: then the rest is of no connection.
            if code != MQTTErrorCode.MQTT_ERR_SUCCESS or self._sock is not connection or size is None:
                return code
            position = end

    def _wait_for_rest(self, begun: bytes, size: int) -> MQTTErrorCode:
        self._fragments = [begun]
        self._gathered = len(begun)
        self._needed = size or len(begun) + 1
        self._cut = size > LARGEST_KEPT_BYTES and may_be_cut(begun[0])
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _take_of_cut(self, data: bytes) -> MQTTErrorCode:
        """Keeps the beginning of a packet that is too large, and delivers that once its end has passed."""
        if self._gathered - len(data) >= LARGEST_KEPT_BYTES:
            self._fragments.pop()
        surplus = self._gathered - self._needed
        if surplus < 0:
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        begun, needed = b"".join(self._fragments)[: min(self._needed, LARGEST_KEPT_BYTES)], self._needed
        self._forget()
        found: list[Publish] = []
        self._reader.read(begun, 0, found, missing=needed - len(begun))
        if not found:
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_PROTOCOL)
        connection = self._sock
        self.on_publishes(found)
        if not surplus or self._sock is not connection:
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        return self._take_whole(data[-surplus:])

    def _forget(self) -> None:
        self._fragments = []
        self._gathered = 0
        self._needed = 0
        self._cut = False

    # --- paho's own parser ---

    def _hand_over(self, packet: bytes) -> MQTTErrorCode:
        self._handed = packet
        code = self._packet_read()
        self._handed = b""
        return self._loop_rc_handle(code) if code > 0 else MQTTErrorCode.MQTT_ERR_SUCCESS

    def _sock_recv(self, bufsize: int) -> bytes:
        """What paho's parser reads: the packet handed over, and never the socket."""
        if not self.reads_many:
            return super()._sock_recv(bufsize)
        if not self._handed:
            raise BlockingIOError
        piece, self._handed = self._handed[:bufsize], self._handed[bufsize:]
        return piece

    def _is_alive(self) -> None:
        with self._msgtime_mutex:
            self._last_bytes_received = time.monotonic()
        self._ping_t = 0.0


def supported(version: str) -> bool:
    """Whether FastClient was tested with this version of paho-mqtt."""
    return version in TESTED_VERSIONS


def missing_seams(client: object) -> tuple[str, ...]:
    """The private parts that FastClient needs and this client does not have."""
    return tuple(seam for seam in _SEAMS if not hasattr(client, seam))


def make_client(
    on_publishes: OnPublishes,
    held_back: Callable[[], bool],
    *,
    client_id: str,
    protocol: MQTTProtocolVersion,
    transport: str = "tcp",
    version: str = paho_version,
) -> StockClient:
    """The fast client where it can be had; otherwise, saying so in the log, the stock one."""
    options: dict[str, Any] = {"client_id": client_id, "protocol": protocol, "transport": transport}
    stock = StockClient(on_publishes, held_back, **options)
    if not supported(version):
        _LOG.warning("paho-mqtt %s is not known to the fast reader: reading with stock paho", version)
        return stock
    missing = missing_seams(stock)
    if missing:
        _LOG.warning("paho-mqtt %s lacks %s: reading with stock paho", version, ", ".join(missing))
        return stock
    return FastClient(on_publishes, held_back, **options)
