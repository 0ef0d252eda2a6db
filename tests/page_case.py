"""What the tests of pages share: one browser for all, and pages that must stay clean."""

from browser import Browser
from command_case import CommandCase

READY = "document.body && document.body.dataset.ready === 'yes'"


class PageCase(CommandCase):
    @classmethod
    def start_browser(cls):
        cls.browser = Browser()
        cls.browser.__enter__()
        cls.addClassCleanup(cls.browser.__exit__)

    def open(self, path, hash="", **look):
        page = self.browser.open(f"{path}{hash}", wait=READY, **look)
        self.addCleanup(page.close)
        return page

    def clean(self, page):
        self.assertEqual(page.errors, [])
        self.assertEqual(page.requests_elsewhere(), [])
