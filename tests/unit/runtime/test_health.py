"""Checks behind /readyz."""

from runtime.health import cached, run_checks


class Asked:
    """A check that counts how often it was asked, and fails when told to."""

    def __init__(self, *, is_well: bool) -> None:
        self.is_well, self.times = is_well, 0

    async def check(self) -> None:
        self.times += 1
        if not self.is_well:
            raise ConnectionError("away")


class TestCached:
    async def test_what_passed_is_not_asked_again(self) -> None:
        asked = Asked(is_well=True)
        check = cached(asked.check, for_s=3600)
        await check()
        await check()
        assert asked.times == 1

    async def test_is_asked_again_after_a_while(self) -> None:
        asked = Asked(is_well=True)
        check = cached(asked.check, for_s=0)
        await check()
        await check()
        assert asked.times == 2

    async def test_what_failed_is_asked_each_time(self) -> None:
        asked = Asked(is_well=False)
        check = cached(asked.check, for_s=3600)
        for _ in range(2):
            assert await run_checks({"storage": check}) == {"storage": "ConnectionError: away"}
        asked.is_well = True
        assert await run_checks({"storage": check}) == {"storage": "ok"}
        assert asked.times == 3
