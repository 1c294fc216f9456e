//! A question that another node answers.

use rem::mesh::Mesh;
use rem::mesh::memory::MemoryBroker;

use super::*;

#[test]
fn another_node_answers() {
    let broker = MemoryBroker::new();
    let (shop, office) = (Bus::new(), Bus::new());
    let _prices = office.answer(price);
    let join = |bus: &Bus, node: &str, out: &str, in_: &str| {
        let mesh = Mesh::builder(bus).transport(broker.transport(node)).node(node);
        mesh.export(out).import(in_).join_blocking().unwrap()
    };
    let asks = join(&shop, "shop", "price.asked", "price.told");
    let tells = join(&office, "office", "price.told", "price.asked");
    let requester = shop.requester::<Ask>();
    asks.settled_within(LONG).unwrap();
    tells.settled_within(LONG).unwrap();
    for item in 0..100 {
        let told = requester.ask(Ask { item }).within(LONG).wait().unwrap();
        assert_eq!(told.data, Price { item, cents: item * 100 });
        assert!(told.causation().is_some());
    }
    // Nobody of this process has it; the mesh carries it to nobody.
    tells.leave(LONG);
    let error =
        requester.ask(Ask { item: 1 }).within(Duration::from_millis(20)).wait().unwrap_err();
    assert!(matches!(error, RequestError::TimedOut { heard: 1, failed: 0, .. }), "{error}");
}
