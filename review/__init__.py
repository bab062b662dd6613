"""The review application: analysts read alerts and decide; it starts no crawl and never matches."""
