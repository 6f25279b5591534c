internal import Addressing
internal import Changes
internal import Kernel
internal import Policies
internal import Printing
internal import System

extension BanMaker {
    /// A maker of bans whose notes go to the console.
    init(_ state: RulesetState, in store: any RulesetStore, on host: Host, _ console: Console) {
        console.requireOutput()
        self.init(state, in: store, now: host.now) { console.note("portreeve: \($0.text)") }
    }
}

extension BanOutcome {
    /// Prints the outcome, and the sessions that were ended.
    func write(to console: Console, _ cut: SessionCut? = nil) {
        let console = made == nil ? console : console.forOutcome
        if console.isJSON {
            console.print(json(cut))
        } else if !console.isQuiet {
            console.print(text)
        }
        cut?.report(to: console)
    }

    private var text: String {
        switch deed {
        case .banned(let end, let span):
            "\(addresses) is banned for \(span.text), until \(UTCTime.text(end)); \"portreeve unban \(addresses)\" ends it"
        case .unbanned(nil): "\(addresses) is no longer banned"
        case .unbanned(let cover?):
            "\(addresses) is still shut out: it is in \(cover), which is also banned; \"portreeve unban \(cover)\" ends that"
        case .needless(let others): "\(addresses) is not banned: nothing to do\(others.listed(as: "banned"))"
        case .notLoaded: "nothing is banned: the table is not loaded"
        }
    }

    private func json(_ cut: SessionCut?) -> JSON {
        var members: [(String, JSON)] = [
            ("format_version", 1), ("changed", .bool(made != nil)), ("address", .string("\(addresses)")),
            ("until", JSON(end.map(UTCTime.text))), ("change", made.map { .number($0.number) } ?? .null),
            ("generation", made.map { .number(Int($0.generation)) } ?? .null), ("message", .string(text)),
        ]
        if let cut { members.append(("sessions", cut.json)) }
        return .object(members)
    }

    private var end: Int64? { if case .banned(let end, _) = deed { end } else { nil } }
}

extension [String] {
    /// The most names in a message.
    private static let most = 5

    /// The names in brackets after a space, as what they are; empty without any.
    func listed(as what: String) -> String {
        isEmpty ? "" : " (\(what): \(listed(atMost: Self.most)))"
    }
}
