"""Changes of stored documents from one version to the next: numbered, made in steps, resumed where they broke off."""
