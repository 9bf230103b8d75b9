import base64, json, random, string
from tests.callers import exact, api_key_caller
from oms.ids import new_id

def body(**o):
    return {"items":[{"sku":"A","quantity":2,"unit_price":"10.00"}], **o}

def show(name, r):
    print(name, r.status_code, r.data[:300])

def test_probe(app, customer, staff, warehouse, other_customer):
    c = customer
    show("bigint", c.post("/orders", {"items":{"a":10**25}}))
    show("0e-", c.post("/orders", b'{"items":{"a":0e-9999999}}'))
    show("0e+", c.post("/orders", b'{"items":{"a":0e+9999999}}'))
    show("huge exp", c.post("/orders", b'{"items":{"a":1e99999999999999999999}}'))
    show("huge exp0", c.post("/orders", b'{"items":{"a":0e99999999999999999999}}'))
    show("huge exp-", c.post("/orders", b'{"items":{"a":1e-99999999999999999999}}'))
    show("neg0", c.post("/orders", b'{"items":[{"sku":"A","quantity":2,"unit_price":-0.0}]}'))
    show("overflow", c.post("/orders", body(items=[{"sku":"A","quantity":9999999,"unit_price":999999999999}])))
    oid = exact(c.post("/orders", body()))["order_id"]
    show("cancel key empty", c.post(f"/orders/{oid}/cancel", headers={"Idempotency-Key": new_id()}))
    for m,p,b in [("GET","/orders/%00",None),("PUT","/orders/%00",{"address":{}}),("PATCH","/orders/%00",{"status":"cancelled"}),("POST","/orders/%00/cancel",{}),("GET","/orders/%00/journey",None),("GET","/orders/user/%00",None),("PATCH","/orders/%00/items/1",{"status":"packed"}),("GET","/orders/user/%00?page=1",None)]:
        show(m+p, staff.call(m,p,b))
    cur = base64.urlsafe_b64encode(b"2024-01-01T00:00:00+23:00|x").decode().rstrip("=")
    show("cursor tz", c.get("/orders?cursor="+cur))
    cur = base64.urlsafe_b64encode(b"0001-01-01T00:00:00+14:00|x").decode().rstrip("=")
    show("cursor y1", c.get("/orders?cursor="+cur))
    r = staff.post("/orders", body(customer_id="\U0001F600"*30))
    oid = exact(r)["order_id"]
    a = staff.get(f"/orders/{oid}"); show("emoji owner", a); print(a.data == r.data)
    phone = "".join(random.choices(string.ascii_letters+string.digits, k=10000))
    show("phone", c.post("/orders", body(address={"phone": phone})))
    # payments order
    r = c.post("/orders", body(total_amount=20, payment=[{"mode":"card","amount":1},{"mode":"cash","amount":2},{"mode":"wallet","amount":3},{"mode":"online","amount":4}]))
    oid = exact(r)["order_id"]
    app.extensions["oms_redis"].delete("order:"+oid)
    print("payments honest", c.get(f"/orders/{oid}").data == r.data)
    # late w/ quantity
    r = staff.post("/orders", body(customer_id="x", status="confirmed")); oid = exact(r)["order_id"]
    show("ship", warehouse.patch(f"/orders/{oid}/items/1", {"status":"shipped"}))
    r = warehouse.patch(f"/orders/{oid}/items/1", {"status":"packed","quantity":1}); print("late q", exact(r)["items"][0]["status"], exact(r)["status"])
    # follow backward
    r = staff.post("/orders", {"customer_id":"x","items":[{"sku":"A","quantity":2,"unit_price":1},{"sku":"B","quantity":2,"unit_price":1}]}); oid = exact(r)["order_id"]
    staff.patch(f"/orders/{oid}/items/1", {"status":"packed"})
    r = staff.patch(f"/orders/{oid}", {"status":"confirmed"}); print([l["status"] for l in exact(r)["items"]])
    # put same items other total
    r = c.post("/orders", body()); oid = exact(r)["order_id"]
    show("put total", c.put(f"/orders/{oid}", {"items": body()["items"], "total_amount": 500}))
    r = c.post("/orders", {"items":{"a":1}}); oid = exact(r)["order_id"]
    show("put doc total", c.put(f"/orders/{oid}", {"items": {"a":1}, "total_amount": 500}))
    for p in ["/orders/", "/orders//", "//orders", f"/orders/{oid}/", f"/orders/{oid}//journey", f"/orders/{oid}/journey/","/order-statuses/"]:
        show(p, c.get(p))
    show("boolean 1", c.post("/orders", body(payment=[{"mode":"card","amount":1,"create_payment_order":1}])))
    show("unknown json", c.post("/orders", body(json=1)))
    show("unknown query", c.post("/orders", body(query=1)))
    # partly shipped cancel
    r = staff.post("/orders", body(customer_id=c.id, status="confirmed")); oid = exact(r)["order_id"]
    staff.patch(f"/orders/{oid}/items/1", {"status":"shipped","quantity":1})
    show("cancel partly shipped", c.post(f"/orders/{oid}/cancel"))
    show("doc none", c.post("/orders", b"null"))
    show("doc [] ", c.put(f"/orders/{oid}", []))
    show("inm*", c.get(f"/orders/{oid}", headers={"If-None-Match":"*"}))
    show("opt", c.call("OPTIONS","/orders"))
    show("trace", c.call("TRACE","/orders"))
    show("DELETE", c.call("DELETE",f"/orders/{oid}"))
