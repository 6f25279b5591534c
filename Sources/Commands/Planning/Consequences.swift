internal import Auditing
internal import Compiler
internal import Kernel
internal import Listeners
internal import Reachability
internal import Rulesets
internal import System

/// What a planned change means to those who connect.
struct Consequences {
    /// Who gains and who loses access.
    let access: AccessReport
    /// What nobody reaches any more, and what others go on dropping or redirecting.
    let breakages: [Breakage]

    /// More lines than this in one section are counted, not shown.
    private static let shownLines = 10

    /// Works them out; sockets are everybody's to see, whom they belong to is not.
    init(of plan: PlannedChange, on host: Host) {
        let access = AccessReport(from: plan.snapshot.table, to: plan.compiled.table, now: host.now)
        self.access = access
        guard !plan.isEmpty else {
            breakages = []
            return
        }
        let others = plan.ruleset.others
        let circumstances = plan.ruleset.circumstances(now: host.now)
        // Where nobody else has a table, what portreeve's lets in is all that gets in.
        let isAlone = others.isEmpty && plan.snapshot.table != nil
        let before = isAlone ? access.before : AccessRegions(plan.ruleset.tables, in: circumstances)
        let after =
            others.isEmpty ? access.after : AccessRegions([plan.compiled.table] + others, in: circumstances)
        let overrides = [Finding].foreignOverrides(
            of: plan.policy, compiled: plan.compiled, others: others, in: circumstances)
        breakages =
            Self.losses(ReachabilityLoss(from: before, to: after, of: plan.policy), on: host)
            + overrides.sorted { $0.rank < $1.rank }.map(Breakage.init)
    }

    private static func losses(_ loss: ReachabilityLoss, on host: Host) -> [Breakage] {
        do throws(KernelError) {
            let sockets = try host.readSockets()
            return loss.listeners(sockets.listeners, sockets.ephemeral) + loss.publishedPorts
        } catch {
            return loss.publishedPorts + [Breakage(.unknown, "who listens could not be read: \(error)")]
        }
    }

    /// The consequences for people: who gains and loses, then what breaks; whole, or the first lines of each.
    func sections(_ console: Console, isWhole: Bool) -> [[String]] {
        let maximum = isWhole ? Int.max : Self.shownLines
        let breaks = breakages.map { console.styled("! \($0.message)", .red) }
        return [access.witnessLines(console, atMost: maximum), breaks.shortened(to: maximum)]
    }
}

extension [String] {
    /// The first lines, and how many there are beyond.
    func shortened(to maximum: Int) -> [String] {
        guard count > maximum else { return self }
        return prefix(maximum) + ["  and \(count - maximum) more: --verbose shows all"]
    }
}

extension Finding {
    /// Drops for certain come first, what is not known last.
    fileprivate var rank: Int { severity == .error ? 0 : identifier == .unknown ? 2 : 1 }
}

extension Breakage {
    /// The breakage for programs; what does not apply is left out.
    var json: JSON {
        var members: [(String, JSON)] = [("kind", .string(kind.rawValue)), ("message", .string(message))]
        members += port?.members ?? []
        for (key, value) in [("service", service), ("table", table), ("chain", chain)] {
            if let value { members.append((key, .string(value))) }
        }
        if let process { members.append(("process", process.json)) }
        return .object(members)
    }
}
