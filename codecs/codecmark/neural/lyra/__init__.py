"""SoundStream as shipped in Lyra v2."""
