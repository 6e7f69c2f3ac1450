"""Published audio as codecs: what others decoded and have shown, looked up clip by clip."""
