"""The socket that a gateway listens on."""

import socket

from gateway import server


def test_an_answer_is_not_held_back_until_its_first_part_is_acknowledged():
    with server.listen(server.LOOPBACK, 0) as listener:
        caller = socket.create_connection(listener.getsockname())
        answering, _ = listener.accept()
        with caller, answering:
            assert answering.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
