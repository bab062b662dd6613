"""One file per kind of site: which links to follow, where a post begins and ends.

`SITES` is the list `engine` chooses from; the last one reads what no other knows. To add a
spider, write its file and put it here (docs/spiders.md).
"""

from crawler.pages import Site
from spiders.bepasty import Bepasty
from spiders.discourse import Discourse
from spiders.dpaste import Dpaste
from spiders.flarum import Flarum
from spiders.folder import Folder
from spiders.generic import Generic
from spiders.hastebin import Hastebin
from spiders.mybb import MyBB
from spiders.nodebb import NodeBB
from spiders.pastebin import Pastebin
from spiders.phpbb import PhpBB
from spiders.pinnwand import Pinnwand
from spiders.privatebin import PrivateBin
from spiders.rentry import Rentry
from spiders.smf import SMF
from spiders.spirit import Spirit

SITES: tuple[Site, ...] = (
    Pinnwand(), Dpaste(), PrivateBin(), Hastebin(), Pastebin(), Rentry(), Bepasty(), Folder(),
    PhpBB(), MyBB(), SMF(), Discourse(), NodeBB(), Flarum(), Spirit(),
    Generic(),
)  # fmt: skip
