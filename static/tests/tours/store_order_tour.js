import { registry } from "@web/core/registry";
import { scan } from "./site_work_steps";

const fill = (name, text) => ({
    trigger: `.o_oms_customer [name='${name}']`,
    run: `edit ${text}`,
});

registry.category("web_tour.tours").add("oms_store_order", {
    steps: () => [
        {
            content: "A code that nobody sells",
            trigger: ".o_oms_store_order .o_oms_scan_bar",
            run: () => scan("9999999999994"),
        },
        { trigger: ".o_oms_missing:contains('9999999999994')" },
        {
            trigger: ".o_oms_store_order .o_oms_scan_bar",
            run: () => scan("2000000000015"),
        },
        {
            content: "It is not here, but elsewhere",
            trigger: ".o_oms_basket_line:contains('Apple'):contains('0 here'):contains('10 in all')",
        },
        { trigger: ".o_oms_basket_line .o_oms_one_more", run: "click" },
        { trigger: ".o_oms_actions:contains('20.00')" },
        { trigger: ".o_oms_next", run: "click" },
        { trigger: ".o_oms_next:disabled" },
        {
            content: "Somebody who bought before",
            trigger: "input[name='customer']",
            run: "edit Zoe",
        },
        { trigger: ".o_oms_found button:contains('Zoe'):contains('69001 Lyon')", run: "click" },
        { trigger: ".o_oms_customer [name='zip']:value('69001')" },
        fill("name", "Grace"),
        fill("email", "grace@example.com"),
        fill("street", "Rue de Rivoli 1"),
        fill("zip", "75001"),
        fill("city", "Paris"),
        { trigger: ".o_oms_customer select[name='country']", run: "select FR" },
        { trigger: ".o_oms_next:enabled", run: "click" },
        {
            content: "Where it comes from, and when",
            trigger: ".o_oms_way[data-service='home']:contains('Courier'):contains('from Far')",
            run: "click",
        },
        { trigger: ".o_oms_way[aria-checked='true']" },
        {
            content: "Not for nobody",
            trigger: "button[data-step='customer']",
            run: "click",
        },
        fill("name", " "),
        { trigger: "button[data-step='way']:enabled", run: "click" },
        { trigger: ".o_oms_way[data-service='home']:contains('Courier')", run: "click" },
        { trigger: ".o_oms_place:disabled" },
        { trigger: ".o_oms_actions:contains('Write down the customer')" },
        { trigger: "button[data-step='customer']", run: "click" },
        fill("name", "Grace"),
        { trigger: ".o_oms_next:enabled", run: "click" },
        { trigger: ".o_oms_way[data-service='home']:contains('Courier')", run: "click" },
        { trigger: ".o_oms_place:enabled", run: "click" },
        { trigger: ".o_oms_done[data-status='placed']:contains('To pay')" },
        { trigger: ".o_oms_next_order", run: "click" },
        { trigger: ".o_oms_store_order .o_oms_scan_bar" },
    ],
});
