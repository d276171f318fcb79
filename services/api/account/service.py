"""What a person does with their own sign-ins and keys."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Depends
from sqlalchemy import delete, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from services.api.account.schemas import (
    LinkedIdentity,
    NewToken,
    OpenSession,
    Token,
    TokenWithSecret,
)
from services.api.auth.sessions import IDLE
from services.api.dependencies import Person, ServicesDep, Viewer
from services.api.permissions import Scope
from services.api.state import Services
from services.api.tokens.bearer import new_secret, sha256_of
from services.db.tables.people import AccessToken, Identity, Session
from services.jobs import audit, people
from services.jobs.errors import Conflict, Unknown

MAX_TOKENS = 20
_HANDLE_BYTES = 12


class Account:
    """One person's own account."""

    def __init__(self, services: Services, viewer: Person) -> None:
        self._services, self._viewer = services, viewer

    async def identities(self) -> list[LinkedIdentity]:
        """Return the ways in which the person signs in."""
        async with self._services.sessions() as session:
            rows = await session.exec(self._own_identities().order_by(col(Identity.created_at)))
            return [
                LinkedIdentity(
                    id=row.id, issuer=row.issuer, email=row.email, last_used_at=row.last_used_at
                )
                for row in rows
            ]

    async def unlink(self, identity_id: UUID) -> None:
        """Take a way to sign in away; raise Conflict for the last one."""
        async with self._services.sessions() as session, session.begin():
            rows = (await session.exec(self._own_identities().with_for_update())).all()
            found = next((row for row in rows if row.id == identity_id), None)
            if found is None:
                raise Unknown("identity")
            if len(rows) == 1:
                raise Conflict("last-identity", "This is your only way to sign in. Add another.")
            await session.delete(found)
            self._note(session, "identity.unlink", "identity", identity_id, found.issuer)

    async def sessions(self) -> list[OpenSession]:
        """Return the person's living sessions, the newest first."""
        now = self._services.clock.now()
        living = (
            select(Session)
            .where(
                col(Session.user_id) == self._viewer.id,
                col(Session.expires_at) > now,
                col(Session.last_used_at) > now - IDLE,
            )
            .order_by(col(Session.created_at).desc())
        )
        async with self._services.sessions() as session:
            return [self._shown(row) for row in await session.exec(living)]

    async def end_session(self, handle: str) -> None:
        """End one session; raise Unknown for none of the person's."""
        async with self._services.sessions() as session, session.begin():
            rows = await session.exec(
                select(Session).where(col(Session.user_id) == self._viewer.id)
            )
            found = next((row for row in rows if _handle(row) == handle), None)
            if found is None:
                raise Unknown("session")
            await session.delete(found)
            await people.tell_feeds(session, self._viewer.id)
            self._note(session, "session.end", "session", handle)

    async def end_sessions(self) -> None:
        """Sign the person out everywhere, here too."""
        async with self._services.sessions() as session, session.begin():
            await people.end_sessions(session, self._viewer.id)
            self._note(session, "session.end_all", "user", self._viewer.id)

    async def tokens(self) -> list[Token]:
        """Return the tokens that were not revoked, the newest first."""
        async with self._services.sessions() as session:
            rows = await session.exec(
                self._own_tokens().order_by(col(AccessToken.created_at).desc())
            )
            return [_token(row) for row in rows]

    async def make_token(self, new: NewToken) -> TokenWithSecret:
        """Make a token; raise Conflict when there are MAX_TOKENS."""
        now = self._services.clock.now()
        secret = new_secret()
        async with self._services.sessions() as session, session.begin():
            await self._must_have_room(session)
            row = AccessToken(
                id=uuid4(),
                user_id=self._viewer.id,
                name=new.name,
                secret_sha256=sha256_of(secret),
                scopes=" ".join(sorted(new.scopes)),
                created_at=now,
                expires_at=now + timedelta(days=new.days),
            )
            session.add(row)
            self._note(session, "token.make", "token", row.id, row.scopes)
            return TokenWithSecret(token=_token(row), secret=secret)

    async def revoke_token(self, token_id: UUID) -> None:
        """Make a token open nothing any more; raise Unknown."""
        now = self._services.clock.now()
        async with self._services.sessions() as session, session.begin():
            own = self._own_tokens().where(col(AccessToken.id) == token_id).with_for_update()
            row = (await session.exec(own)).first()
            if row is None:
                raise Unknown("token")
            row.revoked_at = now
            session.add(row)
            await people.tell_feeds(session, self._viewer.id)
            self._note(session, "token.revoke", "token", token_id)

    async def _must_have_room(self, session: AsyncSession) -> None:
        await session.exec(select(func.pg_advisory_xact_lock(self._viewer.id.int & (2**62 - 1))))
        now = self._services.clock.now()
        await session.exec(
            delete(AccessToken).where(
                col(AccessToken.user_id) == self._viewer.id, col(AccessToken.expires_at) < now
            )
        )
        if len((await session.exec(self._own_tokens())).all()) >= MAX_TOKENS:
            raise Conflict("too-many-tokens", f"{MAX_TOKENS} tokens are the most. Revoke one.")

    def _own_tokens(self) -> SelectOfScalar[AccessToken]:
        return select(AccessToken).where(
            col(AccessToken.user_id) == self._viewer.id, col(AccessToken.revoked_at).is_(None)
        )

    def _own_identities(self) -> SelectOfScalar[Identity]:
        return select(Identity).where(col(Identity.user_id) == self._viewer.id)

    def _shown(self, row: Session) -> OpenSession:
        return OpenSession(
            id=_handle(row),
            is_this=row.id_sha256 == self._viewer.session_sha256,
            signed_in_at=row.created_at,
            last_used_at=row.last_used_at,
            expires_at=row.expires_at,
            user_agent=row.user_agent,
            ip=row.ip,
        )

    def _note(
        self,
        session: AsyncSession,
        action: str,
        thing: str,
        thing_id: UUID | str,
        detail: str | None = None,
    ) -> None:
        now = self._services.clock.now()
        audit.record(
            session,
            self._viewer,
            action,
            thing,
            thing_id,
            correlation_id=uuid4(),
            now=now,
            detail=detail,
        )


def _handle(row: Session) -> str:
    return row.id_sha256[:_HANDLE_BYTES].hex()


def _token(row: AccessToken) -> Token:
    return Token(
        id=row.id,
        name=row.name,
        scopes=[Scope(word) for word in row.scopes.split()],
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )


async def _account(services: ServicesDep, viewer: Viewer) -> Account:
    return Account(services, viewer)


AccountDep = Annotated[Account, Depends(_account)]
