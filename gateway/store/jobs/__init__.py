"""Jobs: work that outlasts the request for it, made in steps by any worker, resumed where it broke off."""
