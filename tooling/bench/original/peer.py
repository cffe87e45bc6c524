"""A peer of the first generation (v1) in Python, as its original worked: a file is in memory as a
whole, a payload is received by appending to a bytes object 4 KiB at a time, and a command line is
read byte by byte.

    peer.py serve DIRECTORY PORT
    peer.py send FILE | get NAME | ls | rm NAME | commands  [--server HOST:PORT]

A client finds client_id.key and known_server.pub in its working directory. Lines of JSON on standard
output tell the server's port and what was used: seconds, peak memory in bytes, CPU seconds. A server
stops when its standard input ends.
"""

import argparse
import base64
import binascii
import json
import os
import resource
import socket
import sys
import threading
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, hmac, padding, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

INFO = b"file-transfer-e2ee"
HELLO_LENGTH = 128
IV_LENGTH = 16
TAG_LENGTH = 32
RECEIVE_LENGTH = 4096
RECEIVED = "received"
DOWNLOAD_PREFIX = "downloaded_"

# The original waits for ever; a program that is measured must not.
TIMEOUT_SECONDS = 600


class PeerError(Exception):
    """What this peer has against the other one."""


class Malformed(Exception):
    """A request that lacks something."""


# Payload


def seal(keys, file):
    encryption, authentication = keys
    iv = os.urandom(IV_LENGTH)
    padder = padding.PKCS7(128).padder()
    padded = padder.update(file) + padder.finalize()
    encryptor = Cipher(algorithms.AES(encryption), modes.CBC(iv)).encryptor()
    sealed = iv + encryptor.update(padded) + encryptor.finalize()
    tag = hmac.HMAC(authentication, hashes.SHA256())
    tag.update(sealed)
    return sealed + tag.finalize()


def open_payload(keys, payload):
    encryption, authentication = keys
    sealed, tag = payload[:-TAG_LENGTH], payload[-TAG_LENGTH:]
    verifier = hmac.HMAC(authentication, hashes.SHA256())
    verifier.update(sealed)
    verifier.verify(tag)
    iv, ciphertext = sealed[:IV_LENGTH], sealed[IV_LENGTH:]
    decryptor = Cipher(algorithms.AES(encryption), modes.CBC(iv)).decryptor()
    padded = decryptor.update(ciphertext) + decryptor.finalize()
    unpadder = padding.PKCS7(128).unpadder()
    return unpadder.update(padded) + unpadder.finalize()


# Connection


def receive(connection, length):
    """As many bytes as asked for, or None when the peer closes before."""
    data = b""
    while len(data) < length:
        chunk = connection.recv(min(RECEIVE_LENGTH, length - len(data)))
        if not chunk:
            return None
        data += chunk
    return data


def receive_line(connection):
    """The bytes before the next end of a line, or None when the peer closes before."""
    line = b""
    while True:
        byte = connection.recv(1)
        if not byte:
            return None
        if byte == b"\n":
            return line
        line += byte


def hello(identity, ephemeral):
    ephemeral_public = ephemeral.public_key().public_bytes_raw()
    return (
        HELLO_LENGTH.to_bytes(4, "big")
        + ephemeral_public
        + identity.public_key().public_bytes_raw()
        + identity.sign(ephemeral_public)
    )


def receive_hello(connection, is_trusted):
    """The ephemeral key of a peer that is trusted and has signed it."""
    length = receive(connection, 4)
    if length is None or int.from_bytes(length, "big") != HELLO_LENGTH:
        raise PeerError("the peer sent no hello")
    message = receive(connection, HELLO_LENGTH)
    if message is None:
        raise PeerError("the peer closed within its hello")
    ephemeral, identity, signature = message[:32], message[32:64], message[64:]
    if not is_trusted(identity):
        raise PeerError("the peer is not one that is trusted")
    try:
        Ed25519PublicKey.from_public_bytes(identity).verify(signature, ephemeral)
    except InvalidSignature:
        raise PeerError("the peer's hello is not signed by it") from None
    return ephemeral


def derive(ephemeral, peer_ephemeral):
    secret = ephemeral.exchange(X25519PublicKey.from_public_bytes(peer_ephemeral))
    keys = HKDF(algorithm=hashes.SHA256(), length=64, salt=None, info=INFO).derive(secret)
    return keys[:32], keys[32:]


def read_private_key(path):
    with open(path, "rb") as file:
        return serialization.load_pem_private_key(file.read(), password=None)


# Server


class Request:
    def __init__(self, connection, keys, fields):
        self.connection = connection
        self.keys = keys
        self.fields = fields

    def field(self, index):
        if index >= len(self.fields):
            raise Malformed
        return self.fields[index]

    def answer(self, line, body=b""):
        self.connection.sendall(line.encode() + b"\n" + body)

    def answer_with_length(self, body):
        self.answer(f"200|{len(body)}", body)


def stored(name):
    return os.path.join(RECEIVED, os.path.basename(name))


def serve_send(request):
    name = request.field(0)
    try:
        length = int(request.field(1))
    except ValueError:
        raise Malformed from None
    payload = receive(request.connection, length)
    if payload is None:
        return
    try:
        file = open_payload(request.keys, payload)
    except Exception:
        request.answer("500|Decryption Failed")
        return
    with open(stored(name), "wb") as target:
        target.write(file)
    request.answer("226|Transfer Complete")


def serve_get(request):
    name = request.field(0)
    if not os.path.exists(stored(name)):
        request.answer(f"404|File not found: {name}")
        return
    try:
        with open(stored(name), "rb") as source:
            file = source.read()
    except OSError:
        request.answer("500|Server Read Error")
        return
    request.answer_with_length(seal(request.keys, file))


def serve_list(request):
    request.answer_with_length("\n".join(os.listdir(RECEIVED)).encode())


def serve_delete(request):
    name = request.field(0)
    if not os.path.exists(stored(name)):
        request.answer("404|File not found")
        return
    os.remove(stored(name))
    request.answer("200|File deleted")


def serve_hlist(request):
    request.answer_with_length("\n".join(COMMANDS).encode())


COMMANDS = {
    "SEND": serve_send,
    "GET": serve_get,
    "LIST": serve_list,
    "DELETE": serve_delete,
    "HLIST": serve_hlist,
}


def authorized_clients():
    """The raw keys of those who may come in, read anew for each connection."""
    try:
        with open("authorized_clients.pub", encoding="utf-8") as file:
            lines = [line.strip() for line in file]
    except FileNotFoundError:
        print("authorized_clients.pub is missing: nobody is authorized", file=sys.stderr)
        return set()
    keys = set()
    for line in lines:
        if not line or line.startswith("#"):
            continue
        try:
            key = base64.b64decode(line, validate=True)
            Ed25519PublicKey.from_public_bytes(key)
            keys.add(key)
        except (binascii.Error, ValueError):
            print(f"authorized_clients.pub: skipped {line!r}", file=sys.stderr)
    return keys


def open_server_key():
    try:
        return read_private_key("server_id.key")
    except FileNotFoundError:
        pass
    identity = Ed25519PrivateKey.generate()
    private_pem = identity.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public_pem = identity.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    with open(os.open("server_id.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(private_pem)
    with open("known_server.pub", "wb") as file:
        file.write(public_pem)
    return identity


def answer_command(connection, keys):
    line = receive_line(connection)
    if line is None:
        return
    request = Request(connection, keys, [])
    try:
        word, *request.fields = line.decode().strip().split("|")
        if word.upper() not in COMMANDS:
            request.answer("400|Invalid Command")
            return
        handler = COMMANDS[word.upper()]
        if not callable(handler):
            request.answer("500|Server Misconfigured")
            return
        handler(request)
    except (Malformed, UnicodeDecodeError):
        request.answer("400|Malformed request")


def serve_connection(connection, identity):
    connection.settimeout(TIMEOUT_SECONDS)
    with connection:
        try:
            trusted = authorized_clients()
            peer_ephemeral = receive_hello(connection, lambda key: key in trusted)
            ephemeral = X25519PrivateKey.generate()
            keys = derive(ephemeral, peer_ephemeral)
            connection.sendall(hello(identity, ephemeral))
            answer_command(connection, keys)
        except (PeerError, OSError, ValueError) as error:
            print(f"A connection ended early: {error}", file=sys.stderr)


def serve(directory, port):
    os.chdir(directory)
    os.makedirs(RECEIVED, exist_ok=True)
    identity = open_server_key()
    with socket.create_server(("127.0.0.1", port)) as listener:
        tell({"port": listener.getsockname()[1]})

        def accept():
            while True:
                connection, _ = listener.accept()
                arguments = (connection, identity)
                threading.Thread(target=serve_connection, args=arguments, daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        sys.stdin.read()
        tell(usage())
        # The thread that accepts waits for ever, and has nothing left to lose.
        sys.stdout.flush()
        os._exit(0)


# Client


def connect(address):
    """A connection behind its handshake, and its keys."""
    with open("known_server.pub", "rb") as file:
        server = serialization.load_pem_public_key(file.read()).public_bytes_raw()
    identity = read_private_key("client_id.key")
    host, _, port = address.rpartition(":")
    connection = socket.create_connection((host, int(port)), TIMEOUT_SECONDS)
    try:
        ephemeral = X25519PrivateKey.generate()
        connection.sendall(hello(identity, ephemeral))
        return connection, derive(ephemeral, receive_hello(connection, lambda key: key == server))
    except BaseException:
        connection.close()
        raise


def receive_answer(connection, status):
    """What stands behind the status, which has to be the one that was hoped for."""
    line = receive_line(connection)
    if line is None:
        raise PeerError("the server closed without an answer")
    code, _, rest = line.decode().partition("|")
    if code != status:
        raise PeerError(f"the server answered {line.decode()!r}")
    return rest


def receive_body(connection):
    body = receive(connection, int(receive_answer(connection, "200")))
    if body is None:
        raise PeerError("the server closed within its answer")
    return body


def send(address, path):
    with open(path, "rb") as source:
        file = source.read()
    connection, keys = connect(address)
    with connection:
        payload = seal(keys, file)
        connection.sendall(f"SEND|{os.path.basename(path)}|{len(payload)}\n".encode())
        connection.sendall(payload)
        receive_answer(connection, "226")


def get(address, name):
    connection, keys = connect(address)
    with connection:
        connection.sendall(f"GET|{name}\n".encode())
        file = open_payload(keys, receive_body(connection))
    with open(DOWNLOAD_PREFIX + os.path.basename(name), "wb") as target:
        target.write(file)


def show(address, command):
    connection, _ = connect(address)
    with connection:
        connection.sendall(f"{command}\n".encode())
        print(receive_body(connection).decode())


def delete(address, name):
    connection, _ = connect(address)
    with connection:
        connection.sendall(f"DELETE|{name}\n".encode())
        receive_answer(connection, "200")


# Program


def tell(facts):
    print(json.dumps(facts), flush=True)


def usage():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {"peakMemory": peak_memory(used), "cpuSeconds": used.ru_utime + used.ru_stime}


def peak_memory(used):
    try:
        # Linux counts what the parent held at the start into ru_maxrss, but not in here.
        with open("/proc/self/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main():
    parser = argparse.ArgumentParser()
    roles = parser.add_subparsers(dest="role", required=True)
    role = roles.add_parser("serve")
    role.add_argument("directory")
    role.add_argument("port", type=int)
    client = argparse.ArgumentParser(add_help=False)
    client.add_argument("--server", metavar="HOST:PORT", default="127.0.0.1:5001")
    roles.add_parser("send", parents=[client]).add_argument("file")
    roles.add_parser("get", parents=[client]).add_argument("name")
    roles.add_parser("ls", parents=[client])
    roles.add_parser("rm", parents=[client]).add_argument("name")
    roles.add_parser("commands", parents=[client])
    given = parser.parse_args()
    if given.role == "serve":
        serve(given.directory, given.port)
        return
    actions = {
        "send": lambda: send(given.server, given.file),
        "get": lambda: get(given.server, given.name),
        "ls": lambda: show(given.server, "LIST"),
        "rm": lambda: delete(given.server, given.name),
        "commands": lambda: show(given.server, "HLIST"),
    }
    start = time.perf_counter()
    try:
        actions[given.role]()
    except Exception as error:
        sys.exit(f"{given.role} failed: {str(error) or type(error).__name__}")
    tell({"seconds": time.perf_counter() - start, **usage()})


main()
