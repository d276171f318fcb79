"""The order of an examination: what is asked after what, and what is not asked any more."""

import asyncio
import ssl

from edge.doctor.clients import count_clients
from edge.doctor.conversation import Login, answer_to_wrong_code, converse
from edge.doctor.files import check_files
from edge.doctor.findings import Chart, Outcome, Unknown
from edge.doctor.introduction import check_identity, check_network
from edge.doctor.listening import read_conversation
from edge.doctor.subject import Subject


async def examine(subject: Subject, *, counts_clients: bool = False) -> Chart:
    """Return everything found about one printer; a print that is going on is not disturbed.

    `counts_clients`: also find out how many connections it takes, which may end other programs'.
    """
    chart = Chart()
    if chart.add(await check_network(subject)).outcome is Outcome.FAILED:
        chart.skip_the_rest("the printer doesn't answer")
        return chart
    if chart.add(await check_identity(subject)).outcome is Outcome.FAILED:
        chart.skip_the_rest("whoever answers has not proved to be the printer")
        return chart
    context = await subject.trust().context()
    talk = await converse(subject, context)
    read_conversation(chart, subject, talk)
    if talk.login is Login.WRONG_CODE:
        chart.answers[Unknown.WRONG_CODE] = f"connack {talk.connack}"
        chart.skip_the_rest("the access code was refused")
        return chart
    await check_files(chart, subject, talk)
    if talk.is_at_rest:
        await _ask_with_wrong_code(chart, subject, context)
        if counts_clients:
            chart.answers[Unknown.CLIENT_LIMIT] = await count_clients(subject, context)
    return chart


async def _ask_with_wrong_code(chart: Chart, subject: Subject, context: ssl.SSLContext) -> None:
    try:
        async with asyncio.timeout(subject.patience.handshake_s):
            answer = await answer_to_wrong_code(subject, context)
    except TimeoutError:
        answer = "silence"
    chart.answers[Unknown.WRONG_CODE] = answer
