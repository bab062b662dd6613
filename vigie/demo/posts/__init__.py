"""What the demo posts: ordinary posts, planted fragments, and what a search must not find.

`plan` gives one round; the rest says which values stand in it.
"""

from vigie.demo.posts.plan import bystander_values, leak_values_of, marked_texts, plan
from vigie.demo.posts.post import FORUM_LIMIT, Channel, PlannedPost
from vigie.demo.posts.values import PersonValues, values_of

__all__ = [
    "FORUM_LIMIT",
    "Channel",
    "PersonValues",
    "PlannedPost",
    "bystander_values",
    "leak_values_of",
    "marked_texts",
    "plan",
    "values_of",
]
