"""One file per kind of site: which links to follow, where a post begins and ends.

`SITES` is the list `engine` chooses from; the last one reads what no other knows. To add a
spider, write its file and put it here (docs/spiders.md).
"""

from crawler.pages import Site
from spiders.bepasty import Bepasty
from spiders.generic import Generic
from spiders.pinnwand import Pinnwand
from spiders.spirit import Spirit

SITES: tuple[Site, ...] = (Pinnwand(), Bepasty(), Spirit(), Generic())
