"""Spirit at the root, nothing else."""

from __future__ import annotations

import spirit.urls  # type: ignore[import-not-found]
from django.urls import include, path  # type: ignore[import-not-found]

urlpatterns = [path("", include(spirit.urls))]
