import { registry } from "@web/core/registry";

const chart = () => Chart.getChart(document.querySelector(".o_oms_stock_chart canvas"));

/** Return a step that looks at the first and the last value of a line of the chart. */
function seeChart(line, first, last) {
    return {
        trigger: `.o_oms_stock_overview:not(.o_oms_loading) .o_oms_stock_chart canvas`,
        run() {
            const { data } = chart().data.datasets[line];
            if (data[0] !== first || data.at(-1) !== last) {
                throw new Error(`The line goes from ${data[0]} to ${data.at(-1)}`);
            }
        },
    };
}

/** Looks at the stock of a product at all sites, at one, and at what a channel can sell. */
registry.category("web_tour.tours").add("oms_product_stock", {
    steps: () => [
        {
            content: "The button says what is available at all sites",
            trigger: "button[name='action_view_oms_stock']:contains('38')",
        },
        {
            content: "Open the stock of the product",
            trigger: ".o_notebook_headers a[name='oms_stock']",
            run: "click",
        },
        {
            content: "It is summed over the sites",
            trigger: ".o_oms_site_table .o_oms_total:contains('38')",
        },
        {
            trigger: ".o_oms_site_table tbody tr[data-site='Near (NEAR)'] .o_oms_available:contains('26')",
        },
        {
            content: "Sites with nothing are folded away",
            trigger: ".o_oms_site_table:not(:has(tr[data-site='Middle (MID)'])) .o_oms_all",
            run: "click",
        },
        {
            trigger: ".o_oms_site_table tr[data-site='Middle (MID)']",
        },
        {
            content: "Look for one",
            trigger: ".o_oms_filter",
            run: "edit far",
        },
        {
            trigger: ".o_oms_site_table tbody:not(:has(tr[data-site='Near (NEAR)'])) tr[data-site='Far (FAR)']",
        },
        {
            content: "The chart shows what is projected",
            ...seeChart(0, 38, 45),
        },
        {
            content: "Look at the one site",
            trigger: ".o_oms_site_table tr[data-site='Far (FAR)'] .o_oms_site a",
            run: "click",
        },
        {
            trigger: ".o_oms_site_table tr.table-active[data-site='Far (FAR)']",
        },
        seeChart(0, 12, 19),
        {
            content: "What comes is named",
            trigger: ".o_oms_stock_events tr:contains('+7') a:contains('FAR/IN')",
        },
        {
            content: "Look further ahead",
            trigger: ".o_oms_stock_overview .btn-group button:contains('90')",
            run: "click",
        },
        {
            trigger: ".o_oms_stock_overview .btn-group button.active:contains('90')",
        },
        {
            trigger: ".o_oms_stock_chart[data-days='92']",
        },
        {
            content: "See why a channel can sell what it can sell",
            trigger: ".o_oms_channels [data-channel='Web'] button:contains('38')",
            run: "click",
        },
        {
            trigger: ".o_oms_channels [data-channel='Web'] .o_oms_terms:contains('On hand'):contains('42')",
        },
        {
            content: "Open the stock records of the site",
            trigger: ".o_oms_site_table tr[data-site='Far (FAR)'] .o_oms_buttons button:first-child",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains('12')",
        },
    ],
});
