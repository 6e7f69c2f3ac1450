"""From symbols to bytes and back: the frame, bit packing, range coding, tokens and scalars."""
