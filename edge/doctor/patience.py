"""How long the doctor waits for what; seconds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """Waits that a healthy but slow printer stays below."""

    connect_s: float = 10.0
    """To a printer on the same network; its TLS is waited for longer."""
    handshake_s: float = 20.0
    """A P1S may need 3 to 5 s from cold TLS to the first answer. [K BDY#1445]"""
    report_s: float = 20.0
    """From the question to the full report."""
    answer_s: float = 12.0
    """From a command to its echo; a P1S needs about 0.9 s. [K BBR]"""
    puback_s: float = 2.0
    """From a message with QoS 1 that was obeyed to its acknowledgement, if it comes at all."""
    order_s: float = 6.0
    """For a data handshake that the server begins by itself; an A1 needs 0.9 s. [K1 ADR2]"""
    listing_s: float = 60.0
    upload_s: float = 72.0
    """1 MB at 25 KB/s, and 30 s."""
    upload_end_s: float = 30.0
    """From the last byte to the server's word about it."""
    settle_s: float = 2.0
    """For a printer to drop an older connection because of a new one."""
    broker_s: float = 10.0
    web_s: float = 10.0
