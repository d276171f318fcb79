"""`layerline-edge enroll`: the node comes in with a one-time code."""

from contracts.enrolment import NodeCredentials
from edge.enrol.client import ApiRefused, NodeApi, checked_url
from edge.enrol.files import Enrolment, NodeFiles

KEY_UNUSABLE = "key-unusable"
"""The API's word for a key that was revoked or is another node's."""


async def enrol(files: NodeFiles, url: str, code: str) -> Enrolment:
    """Enrol, and write it down; return who the node is now.

    Until the API has said yes, what the folder held stays as it was; the same code again, after
    an answer that was lost, gives the same. Raises ApiRefused, ApiAway, ValueError for the URL.
    """
    seed = files.key_to_enrol()
    async with NodeApi(url) as api:
        try:
            credentials = await api.enrol(code, seed)
        except ApiRefused as exc:
            if exc.code != KEY_UNUSABLE:
                raise
            seed = files.new_key()
            credentials = await api.enrol(code, seed)
    enrolment = _enrolment(credentials, checked_url(url))
    files.keep(enrolment, credentials.jwt, seed)
    return enrolment


def _enrolment(credentials: NodeCredentials, url: str) -> Enrolment:
    return Enrolment(node=credentials.node, nats_url=credentials.nats_url, api_url=url)
