extension StoreCore {
    /// Looks for bytes that no row names, some time after the opening, a part at a time among the writes. What can't be
    /// looked through now is at the next opening.
    func sweepFilesSoon() {
        if database.obstacle != nil { return }
        writes.async { [weak self] in
            guard let self else { return }
            try? database.evictFiles()
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
