"""What the notifier reads from its environment."""

from pydantic import Field

from runtime.settings import CommonSettings, DatabaseSettings
from services.notices.addresses import AddressSettings
from services.notices.sealing import SealingSettings


class NotifySettings(CommonSettings, DatabaseSettings, SealingSettings, AddressSettings):
    """All settings of the notifier."""

    public_url: str = Field(
        default="http://127.0.0.1:8000", description="where browsers find Layerline"
    )
