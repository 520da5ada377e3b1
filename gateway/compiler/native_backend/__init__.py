"""The back end in Rust, where its extension is installed: programs encoded once, answers made of undecoded pages."""
