public import Listeners

extension [Finding] {
    /// The BPF programs that decide on packets or sockets beside the ruleset; they are named, not understood.
    public static func foreignBypasses(by list: ProgramList) -> [Finding] {
        let findings = list.programs.map { Finding($0) }
        guard let doubt = list.doubt else { return findings }
        let message =
            "cannot read the BPF programs of cgroups and interfaces, which can drop packets that the policy allows: \(doubt)"
        return findings + [Finding(.unknown, .notice, message, aspect: "programs")]
    }
}

extension Finding {
    fileprivate init(_ programs: AttachedPrograms) {
        let names = programs.names.isEmpty ? "" : " (\(programs.names.joined(separator: ", ")))"
        let holder = programs.cgroup.map { "cgroup \"\($0)\" has BPF programs\(names)" } ?? ""
        let message =
            switch programs.effect {
            case .packets:
                "\(holder) that can drop packets of its listeners, whatever the policy allows"
                    + (programs.unit.map { "; IPAddressAllow= and IPAddressDeny= of unit \($0) make such programs" }
                        ?? "")
            case .addresses: "\(holder) that can change the addresses which its sockets bind to, connect to and see"
            case .sockets:
                "BPF programs of sk_lookup\(names) choose the socket that gets a packet, whatever port it is for"
            }
        self.init(.foreignBypass, programs.effect == .addresses ? .notice : .warning, message)
        details.unit = programs.unit
        details.aspect = [programs.effect.word, programs.cgroup].compactMap(\.self).joined(separator: " ")
    }
}

extension AttachedPrograms.Effect {
    /// The effect in one word.
    fileprivate var word: String {
        switch self {
        case .packets: "packets"
        case .addresses: "addresses"
        case .sockets: "sk_lookup"
        }
    }
}
