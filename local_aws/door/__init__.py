"""What stands between MiniStack and whoever calls it: no web page gets in, and nobody without a key."""
