"""Arrays on disk: the cache by content address, and arrays that are larger than memory should hold."""

from gait_core.cache.files import Spool, release_pages
from gait_core.cache.locks import waiting_lock
from gait_core.cache.store import ArrayCache, CacheInfo, Entry

__all__ = ["ArrayCache", "CacheInfo", "Entry", "Spool", "release_pages", "waiting_lock"]
