public import Addressing
internal import Compiler
public import Listeners
public import Policies

/// The ports of a host that are tried, each with the answer that its policy gives to one source.
public struct ProbePlan: Sendable {
    /// One port.
    public struct Question: Sendable {
        /// The port.
        public let target: ProbeTarget
        /// The service that lists it; `nil` for a port of the sample.
        public let service: String?
        /// The verdict of the policy on new connections from the source.
        public let expected: ConnectionVerdict
    }

    /// The ports in the order of the probes: open ports first.
    public let questions: [Question]
    /// The number of listed ports without a probe: most of a range, and those of protocols beside TCP and UDP.
    public let leftOut: Int

    /// Ports that are worth a look where no service lists them: file sharing, databases, remote desktops and administration.
    public static let sample: [ProbeTarget] =
        [
            21, 22, 23, 25, 80, 110, 111, 135, 139, 143, 389, 443, 445, 631, 873, 1433, 2049, 2375, 2376, 3000, 3306,
            3389,
            5000, 5432, 5900, 5984, 6379, 6443, 8000, 8080, 8443, 8888, 9090, 9100, 9200, 10250, 11211, 27017,
        ].map { ProbeTarget(.tcp, $0) } + [53, 69, 123, 161, 1900, 5353].map { ProbeTarget(.udp, $0) }

    /// The number of probes for a range of ports.
    private static let places = 3

    /// Plans the probes.
    ///
    /// - Parameters:
    ///   - policy: the policy of the host.
    ///   - address: the address of the host that is dialled.
    ///   - source: the address from which the host sees the probes come.
    ///   - others: ports that are tried beside those of the services.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    public init(of policy: Policy, at address: IPAddress, from source: IPAddress, and others: [ProbeTarget], now: Int64)
    {
        var (services, listed) = ([ProbeTarget: String](), Set<ProbeTarget>())
        for service in policy.services {
            for ports in service.ports where ports.transport.hasPorts {
                for port in ports.range { listed.insert(ProbeTarget(ports.transport, port)) }
                for target in Self.places(in: ports) where services[target] == nil { services[target] = service.name }
            }
        }
        let tables = [compile(policy).table]
        let targets = Set(services.keys).union(others)
        let questions = targets.map { target in
            var question = Explanation.Question(source: source, transport: target.transport, port: target.port)
            question.destination = address.value
            let answer = Explanation(question, policy: policy, tables: tables, isLive: false, now: now)
            return Question(
                target: target, service: answer.service?.name ?? services[target], expected: answer.verdict)
        }
        self.questions = questions.sorted { $0.rank == $1.rank ? $0.target.isBefore($1.target) : $0.rank < $1.rank }
        leftOut = listed.subtracting(targets).count
    }

    /// The ports of a range that are tried.
    private static func places(in ports: ServicePort) -> [ProbeTarget] {
        guard [.tcp, .udp].contains(ports.transport) else { return [] }
        let range = ports.range
        let all = range.count <= places ? Array(range) : [range.lowerBound, range.middle, range.upperBound]
        return all.map { ProbeTarget(ports.transport, $0) }
    }
}

extension ClosedRange<UInt16> {
    fileprivate var middle: UInt16 { UInt16((UInt32(lowerBound) + UInt32(upperBound)) / 2) }
}

extension ProbePlan.Question {
    /// Connections that should be made come first: one that is made shows that the host can be reached.
    fileprivate var rank: Int { expected == .accept ? target.transport == .tcp ? 0 : 1 : 2 }
}

extension ProbeTarget {
    /// The order of reports: by port, then by protocol.
    public func isBefore(_ other: ProbeTarget) -> Bool {
        port == other.port ? transport.rawValue < other.transport.rawValue : port < other.port
    }
}
