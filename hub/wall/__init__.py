"""WALL: the office's screen: the live page's elements, arranged to be read from five metres."""
