"""The running hub. The spine knows no face; only `hub.main` knows everything."""
