import Addressing
import Auditing
import Policies
import Testing

@Suite("The dates of lines of outbound")
struct OutboundDatesTests {
    private func policy() throws -> Policy {
        var line = OutboundLine(
            name: "dns", location: .line(10),
            ports: [ServicePort(transport: .udp, range: 53...53, location: .line(11))],
            to: SourceList(location: .line(12), entries: ["any"], addresses: .any))
        line.expires = Expiry(end: 1_800_000_000, written: "2027-01-14")
        line.reviewed = Review(time: 1_700_000_000, written: "2023-11-14")
        var policy = Policy(services: [])
        policy.outbound = [line]
        policy.defaults.reviewEvery = TimeSpan(seconds: 86400)
        return policy
    }

    @Test("A line that expires soon, and one that has expired, are findings about connections of this host")
    func expiry() throws {
        let soon = [Finding].expiries(of: try policy(), now: 1_800_000_000 - 1)
        let over = [Finding].expiries(of: try policy(), now: 1_800_000_000)
        #expect(soon.map(\.identifier) == [.expiresSoon] && over.map(\.identifier) == [.expired])
        #expect((soon + over).allSatisfy { $0.service == "dns" && $0.details.isOutbound && $0.policy == .line(10) })
        #expect(over.map(\.message) == ["outbound \"dns\" expired (2027-01-14) and is closed: renew it or delete it"])
    }

    @Test("A review that is due is named with the line")
    func review() throws {
        let found = [Finding].reviews(of: try policy(), now: 1_750_000_000)
        #expect(found.map(\.identifier) == [.reviewDue] && found[0].details.isOutbound)
        #expect(found[0].message.hasPrefix("outbound \"dns\" was last reviewed on 2023-11-14"))
    }

    @Test("A service of the same name is another finding")
    func identity() throws {
        let line = [Finding].expiries(of: try policy(), now: 1_800_000_000)[0]
        var service = line
        service.details.isOutbound = false
        #expect(line.identity != service.identity)
    }
}
