import BkendWire

extension StoreCore {
    /// Sets how much room files may take, from now on and for later openings. What is past a lower limit goes soon.
    package func setFileLimits(_ limits: FileLimits) {
        database.fileLimits = limits
        writes.async { [self] in
            // A store that can't be written keeps the ones from before: the app sets its own at the next start again.
            try? database.write { try $0.setMeta(MetaKey.fileLimits, database.fileLimits.json.description) }
            try? database.evictFiles()
        }
    }

    /// Restores the limits that were set last. The defaults would empty a larger cache before the app can set its own.
    func recallFileLimits() {
        guard let text = try? database.read({ try $0.meta(MetaKey.fileLimits) }), let json = try? JSON(parsing: text)
        else { return }
        database.fileLimits = FileLimits(json)
    }

    /// Looks for bytes that no row names, some time after the opening, a part at a time among the writes. What can't be
    /// looked through now is at the next opening.
    func sweepFilesSoon() {
        if database.obstacle != nil { return }
        writes.async { [weak self] in
            guard let self else { return }
            // After a salvage it isn't known yet which files subscriptions keep, and none of those may go.
            if (try? database.read { try $0.meta(MetaKey.unclaimedFiles) }) == .some(nil) {
                try? database.evictFiles()
            }
            guard let sweep = try? FileSweep(of: database) else { return }
            go(on: sweep)
        }
    }

    private func go(on sweep: FileSweep) {
        writes.async { [weak self] in
            var sweep = sweep
            guard let self, (try? sweep.step(database)) == true else { return }
            go(on: sweep)
        }
    }
}
