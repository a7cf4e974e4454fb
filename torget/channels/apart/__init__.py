"""Work on strangers' bytes in processes of its own: `places` asks, `inside` is the child, `answers` what goes between."""
