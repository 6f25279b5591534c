internal import Addressing
internal import Rulesets

/// The place to which a rule logs.
struct LogTarget {
    /// The start of the message; `nil` for none.
    var prefix: String?
    /// The group of nfnetlink_log; `nil` for the kernel's log.
    var group: UInt16?
}

/// The answer to a refused packet.
enum RefusalAnswer {
    /// A reset of TCP.
    case reset
    /// An ICMP error that says that the administrator prohibits it.
    case prohibited
    /// Another ICMP error.
    case otherError
}

extension Rule {
    /// The answer to packets that it refuses in a table of this family; `nil` if it gives none.
    func answer(in family: TableFamily) -> RefusalAnswer? {
        for expression in expressions {
            switch expression {
            case .reject(let reject): return reject.answer(in: family)
            case .xtables(let part) where part.kind == .target && part.name == "REJECT": return part.answer(in: family)
            default: continue
            }
        }
        return nil
    }

    /// The place to which it logs; `nil` if it does not.
    var logTarget: LogTarget? {
        for expression in expressions {
            switch expression {
            case .log(let log): return LogTarget(prefix: log.prefix, group: log.group)
            case .xtables(let part) where part.isLog: return part.logTarget
            case .opaque("log", _): return LogTarget()
            default: continue
            }
        }
        return nil
    }

    /// The protocol and the one destination port that it tests; `nil` if it tests another number of ports, or none.
    var onlyPort: (TransportProtocol, UInt16)? {
        let tests = expressions.enumerated().filter { index, expression in
            guard case .payload(let payload) = expression, payload.base == .transport, payload.offset == 2 else {
                return false
            }
            guard case .compare(let comparison)? = expressions.dropFirst(index + 1).first else { return true }
            return comparison.operator != .equal
        }
        return tests.isEmpty ? firstPort : nil
    }

    /// The protocol and the first destination port that it names; `nil` if it names none.
    var firstPort: (TransportProtocol, UInt16)? {
        var transport: TransportProtocol?
        var isPort = false
        for (index, expression) in expressions.enumerated() {
            if case .meta(.transportProtocol, _) = expression,
                case .compare(let comparison)? = expressions.dropFirst(index + 1).first, comparison.value.count == 1
            {
                transport = TransportProtocol(rawValue: comparison.value[0])
            }
            let value: [UInt8]?
            switch expression {
            case .payload(let payload):
                isPort = payload.base == .transport && payload.offset == 2 && payload.length == 2
                continue
            case .compare(let comparison): value = comparison.value
            case .range(let range): value = range.lower
            case .lookup(let lookup): value = lookup.firstKey
            default: continue
            }
            if isPort, let value, value.count == 2 { return (transport ?? .tcp, UInt16(bigEndianBytes: value)) }
        }
        return nil
    }
}

/// Ports of a protocol.
struct NamedPorts: Hashable {
    let transport: TransportProtocol
    let ports: ClosedRange<UInt16>

    /// The ports as a policy writes them.
    var text: String {
        (ports.count == 1 ? "\(ports.lowerBound)" : "\(ports.lowerBound)-\(ports.upperBound)") + "/\(transport.name)"
    }
}

extension Rule {
    /// What a register holds.
    private enum Loaded { case transport, port, other }

    /// The destination ports that it tests for; empty if it tests for none, or in another way.
    var namedPorts: [NamedPorts] {
        var transports: [TransportProtocol] = []
        var ports: [ClosedRange<UInt16>] = []
        var start: UInt16?
        var loaded = Loaded.other
        for expression in expressions {
            switch expression {
            case .meta(let key, _): loaded = key == .transportProtocol ? .transport : .other
            case .payload(let payload):
                loaded = payload.base == .transport && payload.offset == 2 && payload.length == 2 ? .port : .other
            case .compare(let comparison) where loaded == .transport && comparison.operator == .equal:
                transports += comparison.value.prefix(1).map(TransportProtocol.init)
            case .compare(let comparison) where loaded == .port && comparison.value.count == 2:
                let port = UInt16(bigEndianBytes: comparison.value)
                switch comparison.operator {
                case .equal: ports.append(port...port)
                case .greaterOrEqual: start = port
                case .lessOrEqual: if let first = start, first <= port { ports.append(first...port) }
                default: return []
                }
            case .range(let range) where loaded == .port && !range.isInverted:
                ports += [range.lower: range.upper].ports
            case .lookup(let lookup) where loaded != .other:
                guard let keys = lookup.ownKeys, !lookup.isInverted else { return [] }
                if loaded == .port {
                    ports += keys.ports
                } else {
                    transports += keys.keys.compactMap(\.first).map(TransportProtocol.init)
                }
            default: continue
            }
        }
        let protocols = transports.filter(\.hasPorts).distinct.sorted { $0.rawValue < $1.rawValue }
        return (protocols.isEmpty ? [.tcp] : protocols).flatMap { transport in
            ports.map { NamedPorts(transport: transport, ports: $0) }
        }
    }
}

extension [[UInt8]: [UInt8]] {
    /// The ports between keys of two bytes and their ends, ascending.
    fileprivate var ports: [ClosedRange<UInt16>] {
        filter { $0.key.count == 2 && $0.value.count == 2 && !$0.value.lexicographicallyPrecedes($0.key) }
            .map { UInt16(bigEndianBytes: $0.key)...UInt16(bigEndianBytes: $0.value) }
            .sorted { $0.lowerBound < $1.lowerBound }
    }
}

extension Table {
    /// The table in which each rule that logs accepts in place of the log.
    var acceptingWhatItLogs: Table {
        withNativeExtensions.rewriting { chain in
            chain.rules.map { rule in
                guard rule.logTarget != nil else { return rule }
                let start = rule.expressions.prefix { !$0.isLog }
                return Rule(Array(start) + [.verdict(.accept)], userdata: rule.userdata)
            }
        }
    }

    /// Whether a rule logs.
    var logs: Bool { chains.contains { $0.rules.contains { $0.logTarget != nil } } }
}

extension Lookup {
    /// The first key of a set that belongs to the rule.
    fileprivate var firstKey: [UInt8]? {
        guard case .anonymous(let set) = self.set, case .list(let list) = set.elements else { return nil }
        return list.first?.key
    }

    /// The keys of a set that belongs to the rule, with the ends of their ranges; `nil` for another set.
    fileprivate var ownKeys: [[UInt8]: [UInt8]]? {
        guard case .anonymous(let set) = self.set, case .list(let list) = set.elements, destination == nil else {
            return nil
        }
        return Dictionary(list.map { ($0.key, $0.upper ?? $0.key) }) { first, _ in first }
    }
}

extension Expression {
    /// Whether it logs.
    var isLog: Bool {
        switch self {
        case .log, .opaque("log", _): true
        case .xtables(let part): part.isLog
        default: false
        }
    }
}

extension XtablesExtension {
    /// Whether it is a target that logs.
    fileprivate var isLog: Bool { kind == .target && ["LOG", "NFLOG"].contains(name) }

    /// The answer of `REJECT`: `enum ipt_reject_with` of `linux/netfilter_ipv4/ipt_REJECT.h`, and that of IPv6.
    fileprivate func answer(in family: TableFamily) -> RefusalAnswer {
        switch (family, info.first) {
        case (.ipv6, 6?): .reset
        case (.ipv6, 1?): .prohibited
        case (.ipv6, _): .otherError
        case (_, 7?): .reset
        case (_, 8?): .prohibited
        default: .otherError
        }
    }

    /// The prefix and the group.
    ///
    /// `struct xt_log_info`: level, flags, prefix. `struct xt_nflog_info`: length, group, threshold, flags, padding, prefix.
    fileprivate var logTarget: LogTarget {
        let isGroup = name == "NFLOG"
        let text = info.dropFirst(isGroup ? 12 : 2).prefix { $0 != 0 }
        let prefix = String(validating: text, as: UTF8.self).flatMap { $0.isEmpty ? nil : $0 }
        return LogTarget(
            prefix: prefix,
            group: isGroup && info.count > 5 ? UInt16(hostOrderBytes: Array(info[4..<6])) : nil)
    }
}

extension Reject {
    /// Its answer: type 0 has the codes of RFC 1812 5.2.7.1 or RFC 4443 3.1.
    fileprivate func answer(in family: TableFamily) -> RefusalAnswer {
        let prohibited: UInt8 = family == .ipv6 ? 1 : 13
        if type == Reject.tcpReset.type { return .reset }
        return self == .adminProhibited || type == 0 && code == prohibited ? .prohibited : .otherError
    }
}
