import BkendSync

/// What a seed decides about files.
package struct FilePlan: Sendable {
    /// How the server differs from others.
    package var server = ServerFiles.Options()
    /// What befalls requests about files besides.
    package var trouble = FileTrouble()
    /// Which files are sent by themselves.
    package var policy = UploadPolicy.always
    /// How many bytes of files that the server has too may stay on a device.
    package var cacheLimit: Int64 = 1 << 20
    /// Whether some files are so large that they have a lane of their own.
    package var hasLarge = false
}

extension Plan {
    /// Files, in a part of the seeds: the others have as much of everything else as ever.
    mutating func drawFiles() {
        var random = Chance(seed: seed).sequence("files")
        guard random.hits(0.35), let last = steps.last?.at else { return }
        var files = FilePlan()
        files.server.life = random.one(of: [20_000, 90_000, 900_000, 1_800_000])
        files.server.saysFileID = random.hits(0.7)
        // One that is good for longer than a quarter of an hour has to be said.
        files.server.saysEnd = random.hits(0.5) || files.server.life > 900_000
        files.server.takesDigest = random.hits(0.4)
        files.server.saysDigest = random.hits(0.7)
        files.server.saysAddress = random.hits(0.7)
        files.server.pageLimit = random.one(of: [100, 100, 2])
        files.trouble = FileTrouble(drawnFrom: &random)
        files.policy = random.one(by: [(.always, 6), (.upTo(bytes: 100), 2), (.whenTold, 1)])
        files.cacheLimit = random.one(of: [0, 150, 1 << 20])
        files.hasLarge = steps.count >= 50 && random.hits(0.1)
        // What comes after an address has ended takes long: half an hour and more, in some seeds.
        var end = last
        if random.hits(0.2) {
            end = Int64(random.number(1_200_000...2_400_000))
            files.trouble.copyDelay = 1_000...1_800_000
            if random.hits(0.4) {
                // One thing alone, so that something comes of it.
                files.trouble = .portalForLong(&random)
                files.server.life = 900_000
                files.policy = .always
                if random.hits(0.7) { profile = FaultProfile() }
                end += 600_000
            }
            stretch(to: end)
        }
        drawFileSteps(until: end, &random)
        self.files = files
    }

    /// Takes longer, with two devices: each asks once a minute, whatever happens.
    private mutating func stretch(to end: Int64) {
        let last = max(1, steps.last?.at ?? 1)
        owners = Array(owners.prefix(2))
        for index in steps.indices {
            steps[index].at = steps[index].at * end / last
            steps[index].device %= owners.count
        }
    }

    private mutating func drawFileSteps(until end: Int64, _ random: inout SyncRandom) {
        let count = random.number(3...max(4, steps.count / 3))
        let weights: [(Step.Kind, Int)] = [
            (.attach, 8), (.attachNaming, 16), (.nameFile, 6), (.replaceFile, 5), (.deleteFile, 4), (.editFile, 3),
            (.replaceBytes, 3), (.openFile, 3), (.evictFiles, 2), (.sweepFiles, 1), (.leaveBytes, 1), (.loseBytes, 1),
            (.uploadNow, 2), (.remoteFile, 1), (.remoteDeleteFile, 3), (.sweepKeys, 2), (.strangersKey, 2),
        ]
        var chosen = weights
        if random.hits(0.15) { chosen.append((.filesOff, 1)) }
        if random.hits(0.2) { chosen += [(.backup, 3), (.restore, 2)] }
        func step(_ kind: Step.Kind, at moment: Int64, _ random: inout SyncRandom) -> Step {
            Step(at: moment, kind: kind, device: random.number(0...(owners.count - 1)), pick: random.next())
        }
        for index in 0..<count {
            // Something to begin with, so early that much can become of it.
            let kind = index == 0 ? .attachNaming : random.one(by: chosen)
            steps.append(step(kind, at: Int64(random.number(0...Int(end))) / (index == 0 ? 20 : 1), &random))
        }
        if owners[0].isEmpty, random.hits(0.85) {
            var taking = step(
                random.hits(0.5) ? .takeOver : .moveGuest, at: Int64(random.number(0...Int(end))), &random)
            taking.device = 0
            steps.append(taking)
        }
        steps.sort { $0.at < $1.at }
    }
}
