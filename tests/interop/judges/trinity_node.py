"""A node of Trinity's p2p package that is told what to do on stdin and says on stdout what it sees; README.md has the
lines. The library is used as it is: its own transport, p2p protocols of version 4 and 5, negotiation of capabilities
and multiplexer. What is wrapped here is wrapped to look (and, where a line asks for it, to misbehave).

    python trinity_node.py <4 or 5> <secret key, hex>     the version of its p2p protocol; 5 compresses
"""

import asyncio
import hashlib
import os
import sys
import types

import eth_utils

# For its loggers alone the package imports the whole client, and the EVM.
for name in ["eth", "trinity", "trinity._utils", "trinity._utils.logging"]:
    sys.modules[name] = types.ModuleType(name)
sys.modules["trinity._utils.logging"].get_logger = eth_utils.get_extended_debug_logger
eth_utils.setup_DEBUG2_logging()

import rlp
from eth_keys import keys
from rlp import sedes

from p2p import handshake, multiplexer
from p2p.commands import BaseCommand, RLPCodec
from p2p.disconnect import DisconnectReason
from p2p.handshake import DevP2PHandshakeParams, Handshaker, negotiate_protocol_handshakes
from p2p.kademlia import Address, Node
from p2p.message import Message
from p2p.p2p_proto import Disconnect, Hello, Ping, Pong
from p2p.protocol import BaseProtocol
from p2p.receipt import HandshakeReceipt
from p2p.transport import Transport

VERSION = int(sys.argv[1])
KEY = keys.PrivateKey(bytes.fromhex(sys.argv[2]))
STATUS = b"status of trinity"


def say(*words):
    print(*words, flush=True)


def fingerprint(payload):
    encoded = rlp.encode(payload)
    return f"{len(encoded)} {hashlib.sha256(encoded).hexdigest()}"


def protocol(name, version, length):
    """A protocol of so many codes, each a list of one string."""
    codec = RLPCodec(sedes.List((sedes.binary,)))
    command = lambda code: type(
        f"Code{code}", (BaseCommand,), {"protocol_command_id": code, "serialization_codec": codec}
    )
    fields = {"name": name, "version": version, "commands": tuple(map(command, range(length)))}
    return type(f"{name}{version}", (BaseProtocol,), {**fields, "command_length": length})


OFFERS = {
    f"{name}/{version}": protocol(name, version, length)
    for name, version, length in [("eth", 66, 17), ("eth", 67, 17), ("eth", 68, 17), ("snap", 1, 8)]
}


class Greeter(Handshaker):
    """Handshake of a protocol: `eth` sends a status and awaits the like of it, others do nothing."""

    def __init__(self, protocol_class):
        self.protocol_class = protocol_class

    async def do_handshake(self, connection, spoken):
        if spoken.name == "eth":
            status = self.protocol_class.commands[0]
            spoken.send(status([STATUS]))
            async for command in connection.stream_protocol_messages(spoken):
                assert isinstance(command, status) and command.payload[0] == STATUS, command
                say(by_transport[spoken.transport].number, "status", spoken.name)
                break
        return HandshakeReceipt(spoken)


class Session:
    def __init__(self, way):
        self.number, self.muted, self.transport, self.connection = len(sessions), False, None, None
        sessions.append(self)
        self.say("begun", way)

    def say(self, *words):
        say(self.number, *words)

    async def run(self, connecting):
        try:
            self.transport = await connecting
            by_transport[self.transport] = self
            params = DevP2PHandshakeParams("trinity", 30303, VERSION)
            greeters = [Greeter(OFFERS[cap]) for cap in offer]
            self.connection, _, _ = await negotiate_protocol_handshakes(self.transport, params, greeters)
            await self.connection.wait_streaming_finished()
        except Exception as error:
            self.say("ended", repr(error))
        finally:
            if self.transport:
                await self.transport.close()
            self.say("closed")

    def protocol(self, name):
        return next(spoken for spoken in self.connection.get_protocols() if spoken.name == name)


sessions, by_transport, offer = [], {}, []
stream_transport_messages = multiplexer.stream_transport_messages


async def watched(transport, base, *protocols):
    """What the library reads, looked at on its way."""
    session = by_transport[transport]
    async for spoken, command in stream_transport_messages(transport, base, *protocols):
        if isinstance(command, Hello):
            hello = command.payload
            caps = ",".join(f"{name}/{version}" for name, version in hello.capabilities)
            session.say("hello", hello.version, hello.client_version_string, caps, hello.listen_port)
        elif isinstance(command, Disconnect):
            session.say("told", command.payload.value)
        elif isinstance(command, Ping):
            if not session.muted:
                session.say("ping")
                spoken.send(Pong(None))
        elif isinstance(command, Pong):
            session.say("pong")
        elif command.protocol_command_id or spoken.name != "eth":
            session.say("message", spoken.name, command.protocol_command_id, fingerprint(command.payload))
        yield spoken, command
        if isinstance(command, Disconnect):
            return


class Watched(multiplexer.Multiplexer):
    """Says which protocols it was made with."""

    async def stream_in_background(self):
        session = by_transport[self.get_transport()]
        session.connection = self
        shared = [f"{of.name}/{of.version}@{of.command_id_offset}" for of in self.get_protocols()[1:]]
        session.say("live", ",".join(shared))
        await super().stream_in_background()


handshake.stream_transport_messages = multiplexer.stream_transport_messages = watched
handshake.Multiplexer = Watched


class Claim(Transport):
    """The identity that Hello claims, if it is not the true one."""

    claimed = None

    @property
    def public_key(self):
        return self.claimed or self._private_key.public_key


class Unchecked:
    def __init__(self, data):
        self.data = data

    def to_bytes(self):
        return self.data


def do_offer(caps):
    offer[:] = [] if caps == "-" else caps.split(",")


def do_claim(claimed):
    Claim.claimed = None if claimed == "-" else Unchecked(bytes.fromhex(claimed))


def do_dial(address, port, public):
    remote = Node.from_pubkey_and_addr(
        keys.PublicKey(bytes.fromhex(public)), Address(address, int(port), int(port))
    )
    asyncio.ensure_future(Session("out").run(Claim.connect(remote, KEY)))


def do_send(number, name, code, size):
    spoken, half = sessions[int(number)].protocol(name), int(size) // 2
    payload = [bytes(half) + os.urandom(int(size) - half)]
    spoken.send(type(spoken).commands[int(code)](payload))
    say(number, "sent", name, code, fingerprint(payload))


def do_raw(number, code, body=""):
    body = bytes([int(code)]) + bytes.fromhex(body)
    sessions[int(number)].transport.send(Message(len(body).to_bytes(3, "big") + b"\xc2\x80\x80", body))


def do_ping(number):
    sessions[int(number)].connection.get_base_protocol().send(Ping(None))


def do_mute(number):
    sessions[int(number)].muted = True


def do_disconnect(number, reason):
    sessions[int(number)].connection.get_base_protocol().send(Disconnect(DisconnectReason(int(reason))))


async def main():
    accept = lambda reader, writer: Session("in").run(Claim.receive_connection(reader, writer, KEY))
    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    say("listening", port, KEY.public_key.to_bytes().hex())
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(orders), sys.stdin
    )
    async for line in orders:
        command, *words = line.decode().split()
        globals()[f"do_{command}"](*words)


asyncio.run(main())
