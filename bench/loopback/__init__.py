"""What the crawl's benches stand on: sites on loopback, the bare libraries, a Vigie around them."""
