"""The web application in which analysts decide. It starts no crawl and looks up no person."""
