internal import Addressing

extension ServiceDecoder {
    /// The assertion in an entry of `tests`; `nil` after an error.
    func assertion(_ node: YamlNode) -> Assertion? {
        let keys = ["from", "except", "to", "protocol", "interface", "address", "expect"]
        guard let keyed = KeyedNode(node, as: "a test", keys: keys, log) else { return nil }
        for key in ["from", "to", "expect"] where keyed.lacks(key) && !(key == "to" && !keyed.lacks("protocol")) {
            log.error("a test lacks \"\(key)\"", at: node.place)
        }
        let from = keyed["from"].flatMap { groups.list($0, as: "from", allowsNames: true) }
        let except = keyed["except"].flatMap { groups.list($0, as: "except") }
        let ports =
            (keyed["to"].map { self.ports.decode($0, as: "to") } ?? [])
            + (keyed["protocol"].map { protocols.decode($0, as: "protocol") } ?? [])
        let interface = keyed["interface"].flatMap(interface)
        let address = keyed["address"].flatMap(address)
        let expect = keyed["expect"].flatMap { $0.word(as: "expect", of: Expectation.self, log) }
        guard let from, !ports.isEmpty, let expect else { return nil }
        if let except, let node = keyed["except"], !from.addresses.isEmpty, from.names.isEmpty,
            except.addresses.isSuperset(of: from.addresses)
        {
            log.error("\"except\" covers all of \"from\", so the test checks nothing", at: node.place)
        }
        return Assertion(
            location: node.place.location, from: from, except: except, ports: ports.map(\.port),
            interface: interface, address: address, expect: expect)
    }

    /// One address of the host; `nil` after an error.
    private func address(_ node: YamlNode) -> IPAddress? {
        guard let text = node.text(as: "address", log) else { return nil }
        do throws(AddressError) {
            guard let address = IPAddress(try AddressRange(text)) else {
                log.error("a test names one address, not \(Printable.quoted(text))", at: node.place)
                return nil
            }
            return address
        } catch {
            log.error("\(Printable.quoted(text)) \(error.reason)", at: node.place, repair: error.repair)
            return nil
        }
    }

    /// The name of one interface; `nil` after an error.
    func interface(_ node: YamlNode) -> String? {
        guard let text = node.text(as: "interface", log),
            let pattern = InterfacePattern(decoding: text, at: node.place, log)
        else { return nil }
        if pattern.isPrefix { log.error("a test names one interface, without *", at: node.place) }
        return pattern.name
    }
}
