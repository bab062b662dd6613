"""[notify]: alerts announced by mail, signed webhook, or any service that apprise knows."""
