"""The shop's settings: reading and changing them."""

from typing import Annotated

from fastapi import Depends, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from services.api.dependencies import Person, ServicesDep, Viewer
from services.api.idempotency import Once
from services.api.shop.schemas import Settings, SettingsChange
from services.api.state import Services
from services.jobs.operating import change_shop, must_operate
from services.jobs.shop import read_shop


class ShopDesk:
    """What an admin can do with the settings."""

    def __init__(self, services: Services, viewer: Person) -> None:
        self._services, self._viewer = services, viewer

    async def get(self) -> Settings:
        """Return the settings; admins only."""
        must_operate(self._viewer)
        settings, version = await read_shop(self._services.database)
        return Settings(version=version, settings=settings)

    async def change(self, once: Once, body: SettingsChange) -> Response:
        """Replace the settings."""

        async def act(session: AsyncSession) -> Settings:
            version = await change_shop(
                session, self._viewer, body.settings, body.version, self._services.clock.now()
            )
            return Settings(version=version, settings=body.settings)

        return await once.run(act)


async def _desk(services: ServicesDep, viewer: Viewer) -> ShopDesk:
    return ShopDesk(services, viewer)


ShopDeskDep = Annotated[ShopDesk, Depends(_desk)]
