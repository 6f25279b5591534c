internal import Addressing
internal import Policies
internal import System

/// What is asked for.
struct GrantRequest {
    /// The name of the service.
    let service: String
    /// The address that is to be let in.
    let address: AddressRange
    /// For how long.
    let span: TimeSpan
    /// What it is for.
    let why: String

    /// What it amounts to, in one line.
    var summary: String { "\(service) to \(address) for \(span.text): \(why)" }

    /// The grant, from now on; the number of its change comes later.
    func record(on host: Host) -> GrantRecord {
        GrantRecord(
            service: service, address: address, seconds: span.seconds, end: host.now + span.seconds,
            deadline: host.changes.uptime() + span.seconds * 1000, why: why, author: host.changes.author(), change: 0)
    }

    /// What to say where the policy lets the address in.
    var needless: GrantReport {
        GrantReport(
            text: "the policy lets \(address) in to \(service): nothing to do", service: service, addresses: [address])
    }

    /// What to say when it is granted.
    func report(end: Int64, _ made: RulesetState.Made) -> GrantReport {
        GrantReport(
            text: "\(service) is open to \(address) until \(UTCTime.text(end)) (\(span.text))", service: service,
            addresses: [address], end: end, made: made)
    }
}

/// One address, as somebody writes it on the command line.
struct AddressArgument {
    let address: AddressRange

    /// The address that a text spells.
    init(_ text: String) throws(CommandError) {
        do throws(AddressError) { address = try AddressRange(text) } catch { throw CommandError(.usage, "\(error)") }
        guard address.isSingle else { throw CommandError(.usage, "\"\(text)\" is not one address") }
    }
}

extension AddressSet {
    /// One address, or the addresses of a range.
    init(_ address: AddressRange) {
        switch address {
        case .ipv4(let range): self.init(ipv4: [range], ipv6: [])
        case .ipv6(let range): self.init(ipv4: [], ipv6: [range])
        }
    }
}
