"""Arrays on disk: the content-addressed cache, and arrays too large to be held in memory."""

from gait_core.cache.files import Spool, release_pages
from gait_core.cache.locks import waiting_lock
from gait_core.cache.store import ArrayCache, CacheInfo, Entry

__all__ = ["ArrayCache", "CacheInfo", "Entry", "Spool", "release_pages", "waiting_lock"]
